"""The recipe of the demo: a corpus from Python packages, cached activations, trained SAEs and their evaluation.

Nothing here runs when MemicOS runs; what it made is committed beside it.
"""
