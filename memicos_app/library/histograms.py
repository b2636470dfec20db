"""A feature's two histograms as bytes: bar centres and heights, to the last digit of float32."""

from __future__ import annotations

import numpy as np

from memicos_app.library.packing import compress, decompress, join, pack_floats, split, unpack_floats
from memicos_app.library.views import Histogram

EMPTY = Histogram([], [])


def pack(activations: Histogram, logits: Histogram) -> bytes:
    """Both histograms; nothing for none.

    Raises:
        BadInputError: a number is not finite.
    """
    arrays = (
        ("freq_hist_data_bar_values", activations.values),
        ("freq_hist_data_bar_heights", activations.heights),
        ("logits_hist_data_bar_values", logits.values),
        ("logits_hist_data_bar_heights", logits.heights),
    )
    if not any(values for _, values in arrays):
        return b""
    parts = [pack_floats(np.asarray(values, np.float64), exact=True, field=name) for name, values in arrays]
    return compress(join(parts))


def unpack(data: bytes) -> tuple[Histogram, Histogram]:
    """Activation and logit histogram."""
    if not data:
        return EMPTY, EMPTY
    _, parts = split(decompress(data))
    a, b, c, d = (unpack_floats(part).tolist() for part in parts)
    return Histogram(a, b), Histogram(c, d)
