"""Measurements that write `results/*.json`; the README quotes them."""
