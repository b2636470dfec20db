"""The demo's tests need SAELens, whose import warns about a TransformerLens module that it still uses."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import sae_lens  # noqa: F401
