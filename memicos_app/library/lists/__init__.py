"""Lists of features that people keep: made and changed, read, tested on a text, written as files."""
