"""Models, source sets and sources that a person announces before there is data for them.

What a name may be is said in `naming.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db.session import session
from memicos_app.db.text import storable, storable_all
from memicos_app.library import activity, catalog, naming, rates
from memicos_app.library.accounts.person import person
from memicos_app.library.datasets.layout import layer_and_set
from memicos_app.library.errors import ConflictError
from memicos_app.library.query import row, run_in
from memicos_app.library.views import ModelView, SourceSetView
from memicos_app.library.visibility import Visibility


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
    visibility: Visibility | None = None
    """None: `public` where an administrator announces it, else `unlisted`."""


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
    visibility: Visibility | None = None
    """Of the set, as of a model; its sources are as visible as it is."""


async def new_model(wish: NewModel) -> ModelView:
    """Put a model into the catalog.

    Raises:
        BadInputError: a name or number cannot be right; `field` names it.
        ConflictError: there is a model of this id.
    """
    wish = replace(wish, id=wish.id.strip().lower())
    check_model(wish)
    await rates.take("write")
    async with session() as writer:
        if not await _insert_model(writer, wish):
            raise ConflictError(f"There is a model {wish.id} already.", field="id")
        await activity.note("model.make", f"/{wish.id}", writer=writer)
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
    naming.check_layers(layers, known.layers)
    await rates.take("write")
    async with session() as writer:
        await ensure_model(writer, wish.model_id)
        if not await _insert_set(writer, wish):
            raise ConflictError(f"Model {wish.model_id} has a source set {wish.name} already.", field="name")
        for layer in layers:
            await _insert_source(writer, wish.model_id, f"{layer}-{wish.name}", _hook_name(layer, wish.hook_point))
        await activity.note("source_set.make", f"/{wish.model_id}/{wish.name}", writer=writer)
        await writer.commit()
    return await catalog.source_set(wish.model_id, wish.name)


async def has_model(model_id: str) -> bool:
    """Whether the catalog has a model of this id."""
    return await row("SELECT FROM ONLY models WHERE id = :id", id=storable(model_id)) is not None


async def has_source_set(model_id: str, name: str) -> bool:
    """Whether the catalog has a source set of this name."""
    values = {"model": storable(model_id), "name": storable(name)}
    return await row("SELECT FROM ONLY source_sets WHERE model_id = :model AND name = :name", **values) is not None


async def ensure_model(writer: AsyncSession, model_id: str) -> None:
    """A minimal row for a model that has none, as an import without cards makes one."""
    await _insert_model(writer, NewModel(model_id, 0))


async def ensure_source(writer: AsyncSession, model_id: str, source_id: str) -> None:
    """Rows for a source and what it belongs to, where they are missing; names are checked first.

    Raises:
        BadInputError: a name cannot be right.
    """
    _, set_name = layer_and_set(source_id)
    naming.check_model_id(model_id, field="model_id")
    naming.check_set_name(set_name, field="source_id")
    await ensure_model(writer, model_id)
    await _insert_set(writer, NewSourceSet(model_id, set_name))
    await _insert_source(writer, model_id, source_id, "")


def check_model(wish: NewModel) -> None:
    """Raises `BadInputError` where something of a new model cannot be right."""
    naming.check_model_id(wish.id)
    naming.check_count(wish.layers, naming.MOST_LAYERS, "layers", "layers")
    if wish.dimension is not None:
        naming.check_count(wish.dimension, naming.MOST_DIMENSIONS, "dimension", "dimensions")
    naming.check_words(wish.display_name, "display_name")
    naming.check_words(wish.owner, "owner")
    naming.check_website(wish.website)


def check_source_set(wish: NewSourceSet) -> None:
    """Raises `BadInputError` where something of a new source set cannot be right."""
    naming.check_set_name(wish.name)
    naming.check_words(wish.description, "description")
    naming.check_words(wish.type, "type")
    naming.check_words(wish.creator_name, "creator_name")
    naming.check_website(wish.website)
    naming.check_hook_point(wish.hook_point)


def _first_visibility() -> Visibility:
    return "public" if person().admin else "unlisted"


def _hook_name(layer: int, hook_point: str) -> str:
    return f"blocks.{layer}.{hook_point}" if hook_point else ""


async def _insert_model(writer: AsyncSession, wish: NewModel) -> bool:
    """Whether it was new."""
    done = await run_in(
        writer,
        """
        INSERT INTO models (id, display_name, owner, layers, dimension, website, visibility, creator_id)
        VALUES (:id, :display_name, :owner, :layers, :dimension, :website, :visibility, :creator)
        ON CONFLICT DO NOTHING
        """,
        id=wish.id,
        display_name=storable(wish.display_name.strip()),
        owner=storable(wish.owner.strip()),
        layers=wish.layers,
        dimension=wish.dimension,
        website=wish.website.strip(),
        visibility=wish.visibility or _first_visibility(),
        creator=person().id,
    )
    return done > 0


async def _insert_set(writer: AsyncSession, wish: NewSourceSet) -> bool:
    """Whether it was new."""
    done = await run_in(
        writer,
        """
        INSERT INTO source_sets (model_id, name, description, type, creator_name, urls, visibility, creator_id)
        VALUES (:model, :name, :description, :type, :creator_name, CAST(:urls AS text[]), :visibility, :creator)
        ON CONFLICT DO NOTHING
        """,
        model=wish.model_id,
        name=wish.name,
        description=storable(wish.description.strip()),
        type=storable(wish.type.strip()),
        creator_name=storable(wish.creator_name.strip()),
        urls=storable_all([wish.website.strip()] if wish.website.strip() else []),
        visibility=wish.visibility or _first_visibility(),
        creator=person().id,
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
        creator=person().id,
    )
