"""Models, releases, source sets and sources: those imported, and those that lie ready to be."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from memicos_app.db.text import original, original_json, storable
from memicos_app.library import waiting
from memicos_app.library.errors import NotFoundError
from memicos_app.library.query import Row, row, rows
from memicos_app.library.views import (
    Histogram,
    ModelView,
    ReleaseView,
    SourceDetail,
    SourceSetView,
    SourceState,
    SourceView,
)
from memicos_app.library.visibility import listed
from memicos_app.library.waiting import Waiting

IMPORT_LOCK = 0x4D656D69  # "Memi": with a generation's id, the advisory lock its importer holds.

# Whether the process that fills a generation is alive: the server frees its lock when it is not.
_IMPORTING = f"""
    EXISTS (
        SELECT FROM source_generations AS w
        JOIN pg_locks AS k ON k.locktype = 'advisory' AND k.granted
            AND k.classid = {IMPORT_LOCK} AND k.objid = w.id::oid
        WHERE w.model_id = s.model_id AND w.source_id = s.id AND w.state = 'importing'
    )"""
_COLUMNS = """
    s.model_id, s.id, s.set_name, s.layer, s.hook_name, s.description, s.n_features, s.n_explained, s.evaluation,
    s.has_dashboards, s.visibility, s.creator_id, s.current_generation, coalesce(g.n_features, 0) AS n_dashboards"""
SOURCE_COLUMNS = f"{_COLUMNS}, {_IMPORTING} AS importing"
READY_COLUMNS = f"{_COLUMNS}, false AS importing"
"""Of a source that is known to have data; asking for locks costs more than all the rest."""
SOURCES = "sources AS s LEFT JOIN source_generations AS g ON g.id = s.current_generation"


async def models() -> list[ModelView]:
    """Every model that is listed, imported or not, by name."""
    return await _models(listed("m"))


async def model(model_id: str) -> ModelView:
    """One model, listed or not.

    Raises:
        NotFoundError: no such model here.
    """
    for one in await _models("m.id = :model", model_id):
        if one.id == model_id:
            return one
    raise NotFoundError(f"There is no model {model_id!r} here.", field="model_id")


async def _models(condition: str, model_id: str = "") -> list[ModelView]:
    stored = await rows(
        f"""
        SELECT m.*, coalesce(c.n_sources, 0) AS n_sources, coalesce(c.n_features, 0) AS n_features,
               coalesce(c.n_explanations, 0) AS n_explanations, c.first_source, c.source_ids
        FROM models AS m LEFT JOIN LATERAL (
            SELECT count(*) AS n_sources, sum(g.n_features) AS n_features,
                   sum(s.n_explanations) AS n_explanations,
                   min(s.id) FILTER (WHERE s.current_generation IS NOT NULL) AS first_source,
                   array_agg(s.id) AS source_ids
            FROM sources AS s LEFT JOIN source_generations AS g ON g.id = s.current_generation
            WHERE s.model_id = m.id AND {listed("s")}
        ) AS c ON true
        WHERE {condition}
        """,
        model=storable(model_id),
    )
    on_disk = await waiting.sources_seen(model_id)
    found = {
        one["id"]: _model_view(one, {each.source_id for each in on_disk if each.model_id == one["id"]})
        for one in stored
    }
    for name in sorted({one.model_id for one in on_disk} - set(found)):
        found[name] = waiting.model_view(name, on_disk)
    return sorted(found.values(), key=lambda one: one.id)


async def releases() -> list[ReleaseView]:
    """Every release that is listed, featured ones first."""
    stored = await rows(
        f"""
        SELECT r.name, r.description, r.creator_name, r.urls,
               array_agg(DISTINCT t.model_id) FILTER (WHERE t.name IS NOT NULL) AS model_ids,
               array_agg(DISTINCT t.name) FILTER (WHERE t.name IS NOT NULL) AS set_names
        FROM releases AS r LEFT JOIN source_sets AS t ON t.release_name = r.name AND {listed("t", "shown")}
        WHERE {listed("r")}
        GROUP BY r.name, r.description, r.creator_name, r.urls, r.featured ORDER BY r.featured DESC, r.name
        """
    )
    return [
        ReleaseView(
            name=original(one["name"]),
            description=original(one["description"]),
            creator_name=original(one["creator_name"]),
            urls=[original(url) for url in one["urls"]],
            model_ids=list(one["model_ids"] or []),
            set_names=list(one["set_names"] or []),
        )
        for one in stored
    ]


async def source_sets(model_id: str) -> list[SourceSetView]:
    """Source sets of a model that are listed, with their sources by layer, those not imported included.

    Raises:
        NotFoundError: no such model here.
    """
    return await _source_sets(model_id, listed("t"))


async def source_set(model_id: str, name: str) -> SourceSetView:
    """One source set, listed or not.

    Raises:
        NotFoundError: no such model, or it has no such set.
    """
    for one in await _source_sets(model_id, "t.name = :name", name):
        if one.name == name:
            return one
    raise NotFoundError(f"Model {model_id} has no source set {name!r}.", field="name")


async def _source_sets(model_id: str, condition: str, name: str = "") -> list[SourceSetView]:
    names = {"model": storable(model_id), "name": storable(name)}
    sets = await rows(
        f"SELECT * FROM source_sets AS t WHERE t.model_id = :model AND {condition} ORDER BY t.name", **names
    )
    stored = await rows(
        f"""
        SELECT {SOURCE_COLUMNS} FROM {SOURCES}
        JOIN source_sets AS t ON t.model_id = s.model_id AND t.name = s.set_name
        WHERE s.model_id = :model AND {listed("s")} AND {condition}
        """,
        **names,
    )
    on_disk = [one for one in await waiting.sources_seen(model_id) if one.model_id == model_id]
    if not sets and not on_disk:
        await model(model_id)
    sources = _merge(stored, on_disk)
    found = {one["name"]: _set_view(one, sources) for one in sets}
    for other in sorted({one.set_name for one in sources} - set(found)):
        found[other] = waiting.set_view(model_id, other, sources, on_disk)
    return sorted(found.values(), key=lambda one: one.name)


async def source(model_id: str, source_id: str) -> SourceDetail:
    """Everything of a source that its page shows above its list.

    Raises:
        NotFoundError: no such model, or it has no such source.
    """
    stored = await row(
        f"""
        SELECT {SOURCE_COLUMNS}, s.saelens_config, s.made_from, s.dataset, s.num_prompts, s.num_tokens_in_prompt,
               g.overview, g.finished_at
        FROM {SOURCES} WHERE s.model_id = :model AND s.id = :source
        """,
        model=model_id,
        source=source_id,
    )
    on_disk = await waiting.sources_seen(model_id, named=True)
    local = next((one for one in on_disk if (one.model_id, one.source_id) == (model_id, source_id)), None)
    if stored is not None and (stored["current_generation"] is not None or stored["importing"] or local is None):
        return _detail(stored)
    if local is not None:
        return waiting.detail(local)
    await model(model_id)
    raise NotFoundError(f"Model {model_id} has no source {source_id!r}.", field="source_id")


async def set_or_source(model_id: str, name: str) -> SourceSetView | SourceDetail:
    """What a name in an address is: a source, else a source set.

    Raises:
        NotFoundError: neither, or no such model.
    """
    with suppress(NotFoundError):
        return await source(model_id, name)
    with suppress(NotFoundError):
        return await source_set(model_id, name)
    await model(model_id)
    raise NotFoundError(f"Model {model_id} has no source set and no source {name!r}.", field="name")


async def counts() -> dict[str, int]:
    """How much there is to browse: `models`, `sources`, `features` (with a dashboard), `explanations`."""
    found = await row(
        f"""
        SELECT count(DISTINCT s.model_id) AS models, count(*) AS sources,
               coalesce(sum(g.n_features), 0) AS features, coalesce(sum(s.n_explanations), 0) AS explanations
        FROM sources AS s JOIN source_generations AS g ON g.id = s.current_generation
        WHERE {listed("s", "shown")}
        """
    )
    return {name: int(value) for name, value in (found or {}).items()}


def source_view(one: Row) -> SourceView:
    """A source from a row of `SOURCE_COLUMNS`."""
    state: SourceState = "empty"
    if one["current_generation"] is not None:
        state = "ready"
    elif one["importing"]:
        state = "importing"
    return SourceView(
        model_id=one["model_id"],
        id=one["id"],
        set_name=one["set_name"],
        layer=one["layer"],
        hook_name=original(one["hook_name"]),
        description=original(one["description"]),
        state=state,
        n_features=max(one["n_features"], one["n_dashboards"]),
        n_dashboards=one["n_dashboards"],
        n_explained=one["n_explained"],
        evaluation=original_json(one["evaluation"]),
        visibility=one["visibility"],
        creator_id=one["creator_id"],
    )


def made_from(one: Row) -> dict[str, Any]:
    """How a source's numbers were made, from the columns that say so; what is unknown is left out."""
    known = {
        "dataset": original(one["dataset"]) if one["dataset"] else None,
        "n_prompts": one["num_prompts"],
        "n_tokens_in_prompt": one["num_tokens_in_prompt"],
        **original_json(one["made_from"]),
    }
    return {name: value for name, value in known.items() if value is not None}


def histogram(stored: dict[str, Any] | None) -> Histogram:
    """A histogram out of a generation's overview."""
    found = stored or {}
    return Histogram(list(found.get("values") or []), list(found.get("heights") or []))


def _model_view(one: Row, on_disk: set[str]) -> ModelView:
    imported = set(one["source_ids"] or [])
    default = one["default_source"] if one["default_source"] in imported else one["first_source"]
    return ModelView(
        id=one["id"],
        display_name=original(one["display_name"]) or one["id"],
        owner=original(one["owner"]),
        layers=one["layers"],
        dimension=one["dimension"],
        instruct=one["instruct"],
        website=original(one["website"]),
        default_source_id=default,
        n_sources=len(imported | on_disk),
        n_features=int(one["n_features"]),
        n_explanations=int(one["n_explanations"]),
        inference_enabled=one["inference_enabled"],
        visibility=one["visibility"],
        creator_id=one["creator_id"],
    )


def _set_view(one: Row, sources: list[SourceView]) -> SourceSetView:
    return SourceSetView(
        model_id=one["model_id"],
        name=one["name"],
        description=original(one["description"]),
        release_name=one["release_name"],
        creator_name=original(one["creator_name"]),
        default_range=one["default_range"],
        default_show_breaks=one["default_show_breaks"],
        sources=[each for each in sources if each.set_name == one["name"]],
        type=original(one["type"]),
        urls=[original(url) for url in one["urls"]],
        visibility=one["visibility"],
        creator_id=one["creator_id"],
    )


def _merge(stored: Iterable[Row], on_disk: list[Waiting]) -> list[SourceView]:
    """Sources by layer; one that is on disk and not browsable yet says what is on disk."""
    found = {one["id"]: source_view(one) for one in stored}
    for one in on_disk:
        if one.source_id not in found or found[one.source_id].state == "empty":
            found[one.source_id] = waiting.source_view(one)
    return sorted(found.values(), key=lambda one: (one.layer, one.id))


def _detail(one: Row) -> SourceDetail:
    view = source_view(one)
    overview = one["overview"] or {}
    return SourceDetail(
        source=view,
        saelens_config=original_json(one["saelens_config"]),
        made_from=made_from(one),
        density=histogram(overview.get("density")),
        max_activation=histogram(overview.get("max_activation")),
        skipped=max(0, view.n_features - view.n_dashboards) if view.state == "ready" else 0,
    )
