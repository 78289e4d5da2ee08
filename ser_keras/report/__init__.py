"""Stored runs in, files for people out: tables, figures, one self-contained page; nothing here needs a model."""
