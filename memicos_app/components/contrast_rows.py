"""A contrastive search as its page shows it: a row a feature, a bar a text, all texts of the one that is opened."""

from __future__ import annotations

from typing import TypedDict

from memicos_app.components.feature_address import feature_path, with_text
from memicos_app.components.feature_list import NO_TOKENS
from memicos_app.components.figures import share, value
from memicos_app.components.token_strip import StripGroup, StripRow, pack
from memicos_app.components.visible_text import one_line
from memicos_app.library.contrast import Contrast, ContrastFeature, ContrastText, Measure, OnText
from memicos_app.library.token_text import readable

LIMIT = 25
BEFORE, AFTER = 24, 32
"""Tokens of a text that a row shows around the strongest."""
SIDES = ("First", "Second")


class TextBar(TypedDict):
    """A feature on one text: how high its bar is, as a CSS percentage, and what it says."""

    height: str
    words: str


class ContrastRow(TypedDict):
    """A feature of one side."""

    key: str
    href: str
    explanation: str
    number: str
    place: str
    density: str
    separation: str
    first: list[TextBar]
    second: list[TextBar]
    told: str
    """Both sides' means in words."""
    strip: StripRow
    """The text of its own side that it is strongest on."""


def contrast_rows(found: Contrast) -> tuple[list[ContrastRow], list[ContrastRow]]:
    """The features of both sides."""
    return (
        [contrast_row(found, one, of_first=True) for one in found.first],
        [contrast_row(found, one, of_first=False) for one in found.second],
    )


def contrast_row(found: Contrast, one: ContrastFeature, *, of_first: bool) -> ContrastRow:
    largest = max(on.value for on in one.on_first + one.on_second)
    on, text = strongest(found, one, of_first=of_first)
    density = one.facts.density
    plain = "".join(text.tokens[1:] if text.prepend_bos else text.tokens)
    return ContrastRow(
        key=f"{one.source_id}/{one.index}",
        href=feature_path(found.model_id, one.source_id, one.index) + with_text({}, plain),
        explanation=one_line(one.facts.explanation),
        number=str(one.index),
        place=one.source_id,
        density="" if density is None else share(density),
        separation=f"{abs(one.separation):.2f}",
        first=[bar(each, largest, found.measure) for each in one.on_first],
        second=[bar(each, largest, found.measure) for each in one.on_second],
        told=f"{measured(one.first_mean, found.measure)} against {measured(one.second_mean, found.measure)}",
        strip=around_peak(on, text),
    )


def strongest(found: Contrast, one: ContrastFeature, *, of_first: bool) -> tuple[OnText, ContrastText]:
    """The text of a side that a feature is strongest on."""
    ons, texts = (one.on_first, found.first_texts) if of_first else (one.on_second, found.second_texts)
    return max(zip(ons, texts, strict=True), key=lambda pair: pair[0].value)


def bar(on: OnText, largest: float, measure: Measure) -> TextBar:
    return TextBar(height=f"{100 * on.value / largest:.0f}%", words=measured(on.value, measure))


def measured(number: float, measure: Measure) -> str:
    """A value of the measure with its unit."""
    return share(number) if measure == "share" else value(number)


def around_peak(on: OnText, text: ContrastText) -> StripRow:
    """The tokens around the strongest."""
    if not on.active:
        return NO_TOKENS
    peak, _ = max(on.active, key=lambda one: one[1])
    first = max(1 if text.prepend_bos else 0, peak - BEFORE)
    around = slice(first, peak + AFTER)
    return pack(readable(text.tokens[around]), on.values(len(text.tokens))[around], peak=peak - first)


def whole_texts(found: Contrast, key: str) -> list[StripGroup]:
    """Every text of both sides with one feature's activations; nothing for a feature that was not found."""
    one = next((one for one in found.first + found.second if f"{one.source_id}/{one.index}" == key), None)
    if one is None:
        return []
    sides = ((one.on_first, found.first_texts), (one.on_second, found.second_texts))
    return [
        StripGroup(
            title=f"{name} side",
            note=f"{measured(mean, found.measure)} on average",
            rows=[text_row(on, text, found.measure) for on, text in zip(*pair, strict=True)],
        )
        for name, mean, pair in zip(SIDES, (one.first_mean, one.second_mean), sides, strict=True)
    ]


def text_row(on: OnText, text: ContrastText, measure: Measure) -> StripRow:
    first = 1 if text.prepend_bos else 0
    special = [place - first for place, special in enumerate(text.tokens_is_special) if special and place >= first]
    label = measured(on.value, measure)
    return pack(readable(text.tokens[first:]), on.values(len(text.tokens))[first:], special=special, label=label)


def told(found: Contrast) -> str:
    """How much was compared, in words."""
    texts = f"{len(found.first_texts)} against {len(found.second_texts)}"
    many = len(found.first_texts) + len(found.second_texts) > 2
    sources = len(found.source_ids)
    return f"{texts} text{'s' * many}, {sources} source{'s' * (sources != 1)}"
