"""A waveform in, an array out: feature functions, chains of them, and the store that keeps what they gave."""
