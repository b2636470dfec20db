"""The distributions of a source's features in a file, out of what its import stored: nothing narrows them there."""

from __future__ import annotations

from memicos_app.components.charts import Drawing, draw
from memicos_app.components.figures import count, share, value
from memicos_app.library.views import Histogram


def density_plot(density: Histogram) -> Drawing:
    """Features over log10 of the share of tokens they fire on; the axis reads as per cent."""
    if not density.values:
        return Drawing()
    words = [f"fire on {share(10**at)}: {count(round(tall))} features" for at, tall in pair(density)]
    low, high = density.values[0], density.values[-1]
    axis = (share(10**low), share(10 ** ((low + high) / 2)), share(10**high))
    return draw(density.values, density.heights, words=words, axis=axis)


def strongest_plot(strongest: Histogram) -> Drawing:
    """Features over their maximum activation."""
    if not strongest.values:
        return Drawing()
    words = [f"maximum near {value(at)}: {count(round(tall))} features" for at, tall in pair(strongest)]
    axis = (value(strongest.values[0]), "", value(strongest.values[-1]))
    return draw(strongest.values, strongest.heights, words=words, axis=axis)


def pair(drawn: Histogram) -> zip[tuple[float, float]]:
    return zip(drawn.values, drawn.heights, strict=True)
