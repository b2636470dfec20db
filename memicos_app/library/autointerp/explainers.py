"""The ways in which a language model is asked what a feature means: what of it is shown, and how.

The words are in `memicos_app/prompts`, one file an explainer; what is asked and kept is `explaining.py`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from memicos_app.library.autointerp.material import Material, Text
from memicos_app.library.autointerp.quoting import marked, quoted, quoted_token
from memicos_app.library.errors import BadInputError, NotFoundError

NONE = ("", "")
Numbers = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Explainer:
    """A way of explaining."""

    name: str
    """As datasets of the field call it; also the name of its prompt."""
    title: str
    description: str
    values: Callable[[Material, Numbers], dict[str, str]]
    """What stands in the places of its prompt."""
    attention: bool = False
    """Whether it is for features of attention layers alone."""


def explainer(name: str) -> Explainer:
    """One of them. Raises `NotFoundError` where there is none of this name."""
    if name not in EXPLAINERS:
        known = ", ".join(EXPLAINERS)
        raise NotFoundError(f"There is no explainer {name[:60]!r}; there are {known}.", field="type")
    return EXPLAINERS[name]


def _token_act_pair(seen: Material, numbers: Numbers) -> dict[str, str]:
    blocks, nonzero = [], []
    for number, text in enumerate(_chosen(seen, numbers), 1):
        window = text.window(int(numbers["around"]))
        lines = [f"{quoted_token(text.tokens[place])}\t{seen.level(text.values[place])}" for place in window]
        blocks.append("\n".join([f"Text {number}:", *lines]))
        nonzero += [line for line in lines if not line.endswith("\t0")]
    return {"texts": "\n\n".join(blocks), "nonzero": "\n".join(nonzero)}


def _max_act(seen: Material, numbers: Numbers) -> dict[str, str]:
    chosen = _chosen(seen, numbers)
    around = int(numbers["around"])
    windows = ("".join(text.tokens[place] for place in text.window(around)) for text in chosen)
    return {
        "peaks": _list(quoted_token(text.tokens[text.peak]) for text in chosen),
        "texts": _list(map(quoted, windows)),
    }


def _max_act_logits(seen: Material, numbers: Numbers) -> dict[str, str]:
    after = [text.tokens[text.peak + 1] for text in _chosen(seen, numbers) if text.peak + 1 < len(text.tokens)]
    return {
        **_max_act(seen, numbers),
        "after": _list(map(quoted_token, after)) or "- none",
        "likelier": _list(map(quoted_token, seen.likelier[: int(numbers["likelier"])])) or "- none",
    }


def _top_20(seen: Material, numbers: Numbers) -> dict[str, str]:
    least = numbers["marked_from"] * max(seen.texts[0].values)
    lines = []
    for number, text in enumerate(_chosen(seen, numbers), 1):
        window = text.window(int(numbers["around"]))
        shown = marked(
            [text.tokens[place] for place in window], _strong([text.values[place] for place in window], least)
        )
        lines.append(f"Example {number}: {shown}")
    return {"texts": "\n".join(lines)}


def _strong(values: list[float], least: float) -> Callable[[int], tuple[str, str]]:
    """Marks where a feature fires strongly; in a text where it nowhere does, at its strongest place."""
    bound = min(least, max(values))
    return lambda place: ("<<", ">>") if values[place] >= bound else NONE


def _attention_head(seen: Material, numbers: Numbers) -> dict[str, str]:
    usable = [text for text in seen.texts if text.source is not None and text.target is not None]
    if not usable:
        raise BadInputError(
            f"Feature {seen.name} has no examples that say what was attended to; choose another explainer.",
            field="type",
        )
    lines = []
    for number, text in enumerate(usable[: int(numbers["texts"])], 1):
        window = _from_to(text, int(numbers["around"]))
        shown = marked([text.tokens[place] for place in window], _marks(text, window))
        lines.append(f"Text {number}: {shown}")
    return {"texts": "\n".join(lines)}


def _from_to(text: Text, around: int) -> list[int]:
    """Positions near either end; what lies far from both is left out."""
    ends = (text.source or 0, text.target or 0)
    return [place for place in range(len(text.tokens)) if min(abs(place - end) for end in ends) <= around // 2]


def _marks(text: Text, window: list[int]) -> Callable[[int], tuple[str, str]]:
    def mark(place: int) -> tuple[str, str]:
        here = window[place]
        if here == text.source == text.target:
            return "<both>", "</both>"
        if here == text.source:
            return "<from>", "</from>"
        return ("<to>", "</to>") if here == text.target else NONE

    return mark


def _chosen(seen: Material, numbers: Numbers) -> tuple[Text, ...]:
    return seen.texts[: int(numbers["texts"])]


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


EXPLAINERS = {
    one.name: one
    for one in (
        Explainer(
            "np_max-act",
            "Max activations",
            "A language model sees the tokens that the feature fires on most, and the texts around them.",
            _max_act,
        ),
        Explainer(
            "np_max-act-logits",
            "Max activations and logits",
            "A language model sees the tokens that the feature fires on most, those that follow, those it makes "
            "likelier, and the texts.",
            _max_act_logits,
        ),
        Explainer(
            "oai_token-act-pair",
            "Token-activation pairs",
            "A language model sees texts token by token, each with how strongly the feature fires on it.",
            _token_act_pair,
        ),
        Explainer(
            "eleuther_acts_top20",
            "Top 20 examples",
            "A language model sees the twenty strongest texts with the words marked on which the feature fires.",
            _top_20,
        ),
        Explainer(
            "oai_attention-head",
            "Attention: from and to",
            "A language model sees where a feature of an attention layer fires and what gave most to it.",
            _attention_head,
            attention=True,
        ),
    )
}
