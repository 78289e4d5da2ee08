"""Trained networks on new recordings: sounds in, probabilities, tables and timelines out."""
