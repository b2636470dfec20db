"""What MemicOS knows how to do, one file a subject. Pages, API and command line all call these functions."""
