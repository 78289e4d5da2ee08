"""The web page: record or upload a clip, and see what networks hear in it. Needs the extra `demo`."""
