"""Model, SAEs and their arithmetic: pure torch, no HTTP and no database."""
