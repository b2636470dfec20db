"""Datasets in the public layout: what lies where, reading lines, importing a source."""
