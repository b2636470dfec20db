"""Pieces of screen that know no page and no database."""
