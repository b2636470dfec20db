"""One module a page: its state class above, its layout below."""
