"""One subpackage a paper; everything about a paper is in its room."""
