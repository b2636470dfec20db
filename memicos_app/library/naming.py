"""What names and numbers of models and source sets may be, said once: forms, the API and commands ask here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from memicos_app.library.errors import BadInputError

LONGEST_ID, LONGEST_WORDS, LONGEST_ADDRESS = 64, 128, 500
MOST_LAYERS = 1000
MOST_DIMENSIONS = 1_000_000
_ID = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
_HOOK = re.compile(r"[A-Za-z0-9_.]*")
_SOURCE = re.compile(r"[0-9]+-")
PLACES = frozenset(
    {
        *(
            "404",
            "admin",
            "api",
            "assets",
            "docs",
            "embed",
            "explanation-type",
            "list",
            "lists",
            "model",
            "models",
            "new",
            "ping",
            "sae",
            "score-type",
        ),
        *("search", "search-explanations", "search-topk-by-token", "source-release", "source-set", "steer"),
        *("upload", "user", "users"),
    }
)
"""First parts of addresses that lead elsewhere than to a model."""
MODEL_PLACES = frozenset({"graph", "lists", "new", "search", "steer", "upload"})
"""Second parts that lead elsewhere than to a source set."""


def check_model_id(model_id: str, *, field: str = "id") -> None:
    """Raises `BadInputError` where this cannot be the id of a model."""
    _check_id(model_id, "A model id", field)
    if model_id in PLACES:
        raise BadInputError(f"/{model_id} leads to another page of this site; choose another id.", field=field)


def check_set_name(name: str, *, field: str = "name") -> None:
    """Raises `BadInputError` where this cannot be the id of a source set."""
    _check_id(name, "A set id", field)
    if name in MODEL_PLACES:
        raise BadInputError(f"“{name}” is a page of every model; choose another id.", field=field)
    if _SOURCE.match(name):
        raise BadInputError(
            "A set id does not begin with a layer; sources are called 0-name, 1-name… by themselves.", field=field
        )


def check_words(words: str, field: str, longest: int = LONGEST_WORDS) -> None:
    """Raises `BadInputError` where words are too many."""
    if len(words) > longest:
        raise BadInputError(f"At most {longest} characters; these are {len(words)}.", field=field)


def check_website(address: str, *, field: str = "website") -> None:
    """Raises `BadInputError` unless this is empty or a web address."""
    check_words(address, field, LONGEST_ADDRESS)
    if not address:
        return
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", address)
    except ValueError:
        good = False
    if not good:
        raise BadInputError("A web address begins with https:// or http://.", field=field)


def check_hook_point(name: str, *, field: str = "hook_point") -> None:
    """Raises `BadInputError` where this cannot be a hook point of TransformerLens."""
    if not _HOOK.fullmatch(name) or len(name) > LONGEST_WORDS or name.startswith("blocks."):
        raise BadInputError("A hook point is said without its layer: hook_resid_pre, mlp.hook_post.", field=field)


def check_count(number: int, most: int, field: str, words: str) -> None:
    """Raises `BadInputError` unless the number is from 1 to `most`."""
    if not 1 <= number <= most:
        raise BadInputError(f"From 1 to {most} {words}.", field=field)


def check_number(text: str, most: int, field: str, words: str) -> None:
    """As `check_count`, of a number as it was typed."""
    check_count(int(text) if re.fullmatch("[0-9]{1,9}", text) else 0, most, field, words)


def check_layers(layers: Iterable[int], n_layers: int) -> None:
    """Raises `BadInputError` unless the model has each of these layers."""
    wrong = [layer for layer in layers if not 0 <= layer < n_layers]
    if wrong:
        raise BadInputError(f"The model has layers 0 to {n_layers - 1}, and no layer {wrong[0]}.", field="layers")


def parse_layers(text: str) -> list[int] | None:
    """Layers as people write them: `0, 5-7`; None for an empty text, which means all.

    Raises:
        BadInputError: a part is neither a number nor two with a dash.
    """
    found: set[int] = set()
    for part in text.replace(" ", "").split(",") if text.strip() else []:
        match = re.fullmatch(r"(\d{1,4})(?:[-–](\d{1,4}))?", part)
        if match is None:
            raise BadInputError(f"Layers are written like 0, 5-7; “{part[:20]}” is none.", field="layers")
        first, last = int(match.group(1)), int(match.group(2) or match.group(1))
        found.update(range(first, last + 1))
    return sorted(found) if text.strip() else None


def _check_id(name: str, what: str, field: str) -> None:
    if not 1 <= len(name) <= LONGEST_ID:
        raise BadInputError(f"{what} has 1 to {LONGEST_ID} characters.", field=field)
    if not _ID.fullmatch(name):
        raise BadInputError(
            f"{what} is made of small letters, digits, and . _ - between them, such as gpt2-small.", field=field
        )
