"""Long runs that look for what breaks: the short forms of them are among the tests."""
