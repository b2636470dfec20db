"""Explanations made and judged by language models."""
