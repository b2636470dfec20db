"""Models, source sets and sources that a person announces before there is data for them.

What a name may be is said here once: forms ask as a person types, the API and the commands ask with the request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db.session import session
from memicos_app.db.text import storable, storable_all
from memicos_app.db.users import OWNER_ID
from memicos_app.library import catalog
from memicos_app.library.datasets.layout import layer_and_set
from memicos_app.library.errors import BadInputError, ConflictError
from memicos_app.library.query import run_in
from memicos_app.library.views import ModelView, SourceSetView

LONGEST_ID, LONGEST_WORDS, LONGEST_ADDRESS = 64, 128, 500
MOST_LAYERS = 1000
MOST_DIMENSIONS = 1_000_000
_ID = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
_HOOK = re.compile(r"[A-Za-z0-9_.]*")
_SOURCE = re.compile(r"[0-9]+-")
PLACES = frozenset(
    {
        *("404", "admin", "api", "assets", "docs", "embed", "list", "lists", "model", "models", "new", "ping", "sae"),
        *("search", "search-explanations", "search-topk-by-token", "source-release", "source-set", "steer"),
        *("upload", "user", "users"),
    }
)
"""First parts of addresses that lead elsewhere than to a model."""
MODEL_PLACES = frozenset({"graph", "lists", "new", "search", "steer", "upload"})
"""Second parts that lead elsewhere than to a source set."""


@dataclass(frozen=True, slots=True)
class NewModel:
    """A model as a person announces it."""

    id: str
    layers: int
    display_name: str = ""
    owner: str = ""
    website: str = ""
    dimension: int | None = None
    """Width of the residual stream; without it vectors of any length are taken."""


@dataclass(frozen=True, slots=True)
class NewSourceSet:
    """A source set as a person announces it: the same kind of source at some layers of a model."""

    model_id: str
    name: str
    description: str = ""
    """Its display name: `Residuals For GPT2-Small`."""
    type: str = ""
    """Its kind in a word or two: `Residuals`."""
    creator_name: str = ""
    website: str = ""
    hook_point: str = ""
    """Such as `hook_resid_pre`; empty: not known."""
    layers: Sequence[int] | None = None
    """None: every layer of the model."""


async def new_model(wish: NewModel) -> ModelView:
    """Put a model into the catalog.

    Raises:
        BadInputError: a name or number cannot be right; `field` names it.
        ConflictError: there is a model of this id.
    """
    wish = replace(wish, id=wish.id.strip().lower())
    check_model(wish)
    async with session() as writer:
        if not await _insert_model(writer, wish):
            raise ConflictError(f"There is a model {wish.id} already.", field="id")
        await writer.commit()
    return await catalog.model(wish.id)


async def new_source_set(wish: NewSourceSet) -> SourceSetView:
    """Put a source set into the catalog, and a source for each of its layers.

    Raises:
        NotFoundError: no such model here.
        BadInputError: a name or number cannot be right; `field` names it.
        ConflictError: the model has a set of this name.
    """
    wish = replace(wish, name=wish.name.strip().lower())
    check_source_set(wish)
    known = await catalog.model(wish.model_id)
    layers = range(known.layers) if wish.layers is None else wish.layers
    check_layers(layers, known.layers)
    async with session() as writer:
        await ensure_model(writer, wish.model_id)
        if not await _insert_set(writer, wish):
            raise ConflictError(f"Model {wish.model_id} has a source set {wish.name} already.", field="name")
        for layer in layers:
            await _insert_source(writer, wish.model_id, f"{layer}-{wish.name}", _hook_name(layer, wish.hook_point))
        await writer.commit()
    return await catalog.source_set(wish.model_id, wish.name)


async def ensure_model(writer: AsyncSession, model_id: str) -> None:
    """A minimal row for a model that has none, as an import without cards makes one."""
    await _insert_model(writer, NewModel(model_id, 0))


async def ensure_source(writer: AsyncSession, model_id: str, source_id: str) -> None:
    """Rows for a source and what it belongs to, where they are missing; names are checked first.

    Raises:
        BadInputError: a name cannot be right.
    """
    _, set_name = layer_and_set(source_id)
    check_model_id(model_id, field="model_id")
    check_set_name(set_name, field="source_id")
    await ensure_model(writer, model_id)
    await _insert_set(writer, NewSourceSet(model_id, set_name))
    await _insert_source(writer, model_id, source_id, "")


def check_model(wish: NewModel) -> None:
    """Raises `BadInputError` where something of a new model cannot be right."""
    check_model_id(wish.id)
    check_count(wish.layers, MOST_LAYERS, "layers", "layers")
    if wish.dimension is not None:
        check_count(wish.dimension, MOST_DIMENSIONS, "dimension", "dimensions")
    check_words(wish.display_name, "display_name")
    check_words(wish.owner, "owner")
    check_website(wish.website)


def check_source_set(wish: NewSourceSet) -> None:
    """Raises `BadInputError` where something of a new source set cannot be right."""
    check_set_name(wish.name)
    check_words(wish.description, "description")
    check_words(wish.type, "type")
    check_words(wish.creator_name, "creator_name")
    check_website(wish.website)
    check_hook_point(wish.hook_point)


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


def _hook_name(layer: int, hook_point: str) -> str:
    return f"blocks.{layer}.{hook_point}" if hook_point else ""


async def _insert_model(writer: AsyncSession, wish: NewModel) -> bool:
    """Whether it was new."""
    done = await run_in(
        writer,
        """
        INSERT INTO models (id, display_name, owner, layers, dimension, website, creator_id)
        VALUES (:id, :display_name, :owner, :layers, :dimension, :website, :creator) ON CONFLICT DO NOTHING
        """,
        id=wish.id,
        display_name=storable(wish.display_name.strip()),
        owner=storable(wish.owner.strip()),
        layers=wish.layers,
        dimension=wish.dimension,
        website=wish.website.strip(),
        creator=OWNER_ID,
    )
    return done > 0


async def _insert_set(writer: AsyncSession, wish: NewSourceSet) -> bool:
    """Whether it was new."""
    done = await run_in(
        writer,
        """
        INSERT INTO source_sets (model_id, name, description, type, creator_name, urls, creator_id)
        VALUES (:model, :name, :description, :type, :creator_name, CAST(:urls AS text[]), :creator)
        ON CONFLICT DO NOTHING
        """,
        model=wish.model_id,
        name=wish.name,
        description=storable(wish.description.strip()),
        type=storable(wish.type.strip()),
        creator_name=storable(wish.creator_name.strip()),
        urls=storable_all([wish.website.strip()] if wish.website.strip() else []),
        creator=OWNER_ID,
    )
    return done > 0


async def _insert_source(writer: AsyncSession, model_id: str, source_id: str, hook_name: str) -> None:
    layer, set_name = layer_and_set(source_id)
    await run_in(
        writer,
        """
        INSERT INTO sources (model_id, id, set_name, layer, hook_name, creator_id)
        VALUES (:model, :id, :set, :layer, :hook, :creator) ON CONFLICT DO NOTHING
        """,
        model=model_id,
        id=source_id,
        set=set_name,
        layer=layer,
        hook=hook_name,
        creator=OWNER_ID,
    )
