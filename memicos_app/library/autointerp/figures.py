"""The arithmetic of scores: a number in the open, with the interval that its few examples leave.

Analytic throughout, so that the same judgements always give the same figures. Nothing here asks a model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LEVEL = 0.95
_Z = 1.959963984540054
"""The 97.5 % point of the normal distribution."""
_ALMOST_ONE = 1 - 1e-9
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figure:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float


def proportion(right: int, n: int) -> Figure:
    """A share with Wilson's score interval.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).

    Raises:
        ValueError: there is nothing to count, or more is right than there is.
    """
    if not 0 <= right <= n or n == 0:
        raise ValueError(f"{right} of {n} is no share.")
    share, spread = right / n, _Z * _Z / n
    centre = (share + spread / 2) / (1 + spread)
    half = math.sqrt(share * (1 - share) * spread + spread * spread / 4) / (1 + spread)
    return Figure(share, min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half)))


def balanced_accuracy(firing_right: int, n_firing: int, silent_right: int, n_silent: int) -> Figure:
    """Mean of the shares judged rightly among the firing and among the silent examples.

    A judge who always says the same has .5, however many there are of each. The interval joins both Wilson intervals
    by the method of variance estimates recovery: G. Y. Zou, A. Donner, Construction of confidence limits about effect
    measures, Statistics in Medicine 27 (2008).

    Raises:
        ValueError: there is none of one kind.
    """
    both = (proportion(firing_right, n_firing), proportion(silent_right, n_silent))
    value = sum(one.value for one in both) / 2
    below = math.sqrt(sum((one.value - one.low) ** 2 for one in both)) / 2
    above = math.sqrt(sum((one.high - one.value) ** 2 for one in both)) / 2
    return Figure(value, max(0.0, value - below), min(1.0, value + above))


def auc(firing: Sequence[float], silent: Sequence[float]) -> Figure:
    """Chance that a firing example lies above a silent one, equal ones counted half: the area under the ROC curve.

    The interval holds every area that lies within 1.96 of its own standard errors of the one found: R. G. Newcombe,
    Confidence intervals for an effect size measure based on the Mann-Whitney statistic, part 2, method 5, Statistics
    in Medicine 25 (2006), with the variance of J. A. Hanley, B. J. McNeil, Radiology 143 (1982). Unlike DeLong's it
    does not shrink to a point where all firing ones are above.

    Raises:
        ValueError: there is none of one kind.
    """
    if not firing or not silent:
        raise ValueError("An area needs examples of both kinds.")
    above, below = np.asarray(firing, np.float64)[:, None], np.asarray(silent, np.float64)[None, :]
    value = float((above > below).mean() + 0.5 * (above == below).mean())
    m, n = len(firing), len(silent)

    def outside(area: float) -> bool:
        shape = 1 + ((m + n) / 2 - 1) * ((1 - area) / (2 - area) + area / (1 + area))
        return (value - area) ** 2 > _Z * _Z * area * (1 - area) * shape / (m * n)

    return Figure(value, _edge(value, 0.0, outside), _edge(value, 1.0, outside))


def correlation(texts: Sequence[tuple[Sequence[float], Sequence[float]]]) -> Figure:
    """Pearson's correlation over all tokens of some texts, of true and simulated activations.

    Where one of both is the same everywhere it is 0: such a simulation says nothing. The interval is taken on
    Fisher's scale, atanh(r) (R. A. Fisher, Metron 1, 1921). Tokens of a text hang together, so that counting each for
    itself would promise too much: the standard error comes from leaving out one text at a time (B. Efron, C. Stein,
    The jackknife estimate of variance, Annals of Statistics 9, 1981) and is at least Fisher's 1/sqrt(tokens - 3).

    Raises:
        ValueError: there are fewer than two texts or four tokens, or a text's lists differ in length.
    """
    sums = np.stack([_moments(x, y) for x, y in texts]) if texts else np.zeros((0, 6))  # [texts, 6]
    total = sums.sum(axis=0)
    if len(texts) < 2 or total[0] < 4:
        raise ValueError("A correlation needs two texts and four tokens at least.")
    value = _pearson(total)
    left_out = np.arctanh([_pearson(total - one) for one in sums])
    jackknife = math.sqrt((len(texts) - 1) / len(texts) * float(((left_out - left_out.mean()) ** 2).sum()))
    reach = max(_student(len(texts) - 1) * jackknife, _Z / math.sqrt(total[0] - 3))
    centre = math.atanh(value)
    shown = round(value, 8)
    return Figure(shown, min(shown, math.tanh(centre - reach)), max(shown, math.tanh(centre + reach)))


def _edge(inside: float, end: float, outside: Callable[[float], bool]) -> float:
    """The place between a value that is inside and the end of the scale where outside begins."""
    if not outside(end):
        return end
    for _ in range(60):
        middle = (inside + end) / 2
        inside, end = (inside, middle) if outside(middle) else (middle, end)
    return inside


def _moments(x: Sequence[float], y: Sequence[float]) -> Floats:
    """What a text adds to the sums that a correlation is made of."""
    if len(x) != len(y):
        raise ValueError(f"{len(x)} true activations and {len(y)} simulated ones.")
    a, b = np.asarray(x, np.float64), np.asarray(y, np.float64)
    return np.array([len(a), a.sum(), b.sum(), a @ a, b @ b, a @ b])


def _pearson(sums: Floats) -> float:
    """Correlation out of summed moments, 0 where a side does not vary."""
    n, x, y, xx, yy, xy = (float(one) for one in sums)
    if n < 2:
        return 0.0
    across, along = xx - x * x / n, yy - y * y / n
    if across <= 1e-12 * max(xx, 1e-300) or along <= 1e-12 * max(yy, 1e-300):
        return 0.0
    return max(-_ALMOST_ONE, min(_ALMOST_ONE, (xy - x * y / n) / math.sqrt(across * along)))


def _student(freedom: int) -> float:
    """The 97.5 % point of Student's distribution."""
    from scipy.special import stdtrit  # type: ignore[import-untyped]

    return float(stdtrit(freedom, (1 + LEVEL) / 2))
