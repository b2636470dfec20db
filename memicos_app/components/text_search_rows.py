"""A search by text as its page shows it: a row a feature, and what was found in words."""

from __future__ import annotations

from memicos_app.components.feature_address import feature_path, with_text
from memicos_app.components.feature_list import ListedFeature
from memicos_app.components.figures import share, value
from memicos_app.components.token_strip import pack
from memicos_app.components.visible_text import one_line
from memicos_app.library.inference_search import FoundFeature, TextSearch
from memicos_app.library.token_text import readable

LIMIT = 50
BEFORE, AFTER = 24, 32
"""Tokens of the text that a row shows around the strongest."""


def result_row(found: TextSearch, one: FoundFeature, text: str, first: int = 0) -> ListedFeature:
    """A feature with the text around the token it is strongest at, of those sorted by where there are any.

    `first` is the place that the shown text begins at.
    """
    peak = max(found.sort_by, key=one.values.__getitem__) if found.sort_by else one.max_value_token_index
    around = slice(max(first, peak - BEFORE), peak + AFTER)
    density = one.facts.density
    return ListedFeature(
        number=str(one.index),
        href=feature_path(found.model_id, one.source_id, one.index) + with_text({}, text),
        explanation=one_line(one.facts.explanation),
        kind=one.facts.explanation_type,
        place=one.source_id,
        density="" if density is None else share(density),
        strongest=value(one.sum_value if found.sort_by else one.max_value),
        strip=pack(readable(found.tokens[around]), one.values[around], peak=peak - around.start),
    )


def sorting(found: TextSearch) -> str:
    """What the rows are sorted by, in words."""
    if not found.sort_by:
        return "Strongest anywhere in the text. Click tokens to sort by them."
    names = ", ".join(f"“{one_line(found.tokens[place], 20)}”" for place in found.sort_by[:6])
    more = f" and {len(found.sort_by) - 6} more" if len(found.sort_by) > 6 else ""
    return f"Strongest on {names}{more}" + (", added up" if len(found.sort_by) > 1 else "")


def told(found: TextSearch) -> str:
    number, sources = len(found.features), len(found.source_ids)
    head = "The strongest " if number == LIMIT else ""
    return f"{head}{number} feature{'s' * (number != 1)} of {sources} source{'s' * (sources != 1)}"
