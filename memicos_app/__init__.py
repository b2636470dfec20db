"""MemicOS: the site, the public API and the command line."""
