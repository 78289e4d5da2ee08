"""Reproduce speech-emotion-recognition papers, and say what each figure is worth on unheard speakers."""

__version__ = "0.1.0"
