"""Sources that lie on this machine and are not imported: as datasets under an origin, or as SAE weights."""

from __future__ import annotations

from typing import Any

from memicos_app.db.text import storable
from memicos_app.library import saes
from memicos_app.library.accounts.person import person
from memicos_app.library.datasets.layout import SourceLine
from memicos_app.library.datasets.origins import AvailableSource, available_sources, local_origins
from memicos_app.library.query import rows
from memicos_app.library.saes import LocalSae, local_saes
from memicos_app.library.views import Histogram, ModelView, SourceDetail, SourceSetView, SourceView
from memicos_app.library.visibility import listed, reachable

Waiting = AvailableSource | LocalSae


def sources() -> list[Waiting]:
    """Sources on disk; a dataset says more than weights, so it comes first and weights of the same do not."""
    datasets = available_sources(local_origins())
    known = {(one.model_id, one.source_id) for one in datasets}
    return [*datasets, *(one for one in local_saes() if (one.model_id, one.source_id) not in known)]


async def sources_seen(model_id: str = "", *, named: bool = False) -> list[Waiting]:
    """Those on disk that the person asking may see: a folder does not say whose it is, the catalog's rows may.

    Args:
        model_id: this model is asked for by its address: it may be unlisted.
        named: so may its sources.
    """
    found = sources()
    if not found or person().admin:
        return found
    own = reachable if named else listed
    hidden = await rows(
        f"""
        SELECT w.model_id, w.source_id
        FROM unnest(CAST(:models AS text[]), CAST(:sources AS text[]), CAST(:sets AS text[]))
            AS w (model_id, source_id, set_name)
        LEFT JOIN ONLY models AS m ON m.id = w.model_id
        LEFT JOIN ONLY source_sets AS t ON t.model_id = w.model_id AND t.name = w.set_name
        LEFT JOIN ONLY sources AS s ON s.model_id = w.model_id AND s.id = w.source_id
        WHERE NOT ({reachable("m")} AND (m.id = :named OR {listed("m")})) OR NOT {own("t")} OR NOT {own("s")}
        """,
        models=[one.model_id for one in found],
        sources=[one.source_id for one in found],
        sets=[one.set_name for one in found],
        named=storable(model_id),
    )
    unseen = {(one["model_id"], one["source_id"]) for one in hidden}
    return [one for one in found if (one.model_id, one.source_id) not in unseen]


def model_view(model_id: str, on_disk: list[Waiting]) -> ModelView:
    """A model of which nothing is imported."""
    own = [one for one in on_disk if one.model_id == model_id]
    card = next((one.cards.model for one in own if isinstance(one, AvailableSource) and one.cards.model), None)
    return ModelView(
        id=model_id,
        display_name=(card and (card.display_name or card.display_name_short)) or model_id,
        owner=card.owner if card else "",
        layers=card.layers if card else 0,
        dimension=card.dimension if card else None,
        instruct=card.instruct if card else False,
        website=card.website if card else "",
        default_source_id=None,
        n_sources=len(own),
        n_features=0,
        n_explanations=0,
        inference_enabled=card.inference_enabled if card else False,
    )


def set_view(model_id: str, name: str, members: list[SourceView], on_disk: list[Waiting]) -> SourceSetView:
    """A source set of which nothing is imported, with its share of `sources`."""
    cards = [one.cards.source_set for one in on_disk if isinstance(one, AvailableSource) and one.set_name == name]
    card = next((card for card in cards if card), None)
    return SourceSetView(
        model_id=model_id,
        name=name,
        description=card.description if card else "",
        release_name=None,
        creator_name=card.creator_name if card else "",
        default_range=card.default_range if card else 1,
        default_show_breaks=card.default_show_breaks if card else True,
        sources=[each for each in members if each.set_name == name],
    )


def source_view(one: Waiting) -> SourceView:
    """A source as lists show it."""
    card, config = _card(one), _config(one)
    measures = {**saes.evaluation(config), **saes.read_measures(one.folder), **(card.evaluation if card else {})}
    return SourceView(
        model_id=one.model_id,
        id=one.source_id,
        set_name=one.set_name,
        layer=one.layer,
        hook_name=saes.hook_name(config),
        description=card.description if card else "",
        state="available" if isinstance(one, AvailableSource) else "weights-only",
        n_features=int(config.get("d_sae") or 0),
        n_dashboards=0,
        n_explained=0,
        evaluation=measures,
    )


def detail(one: Waiting) -> SourceDetail:
    """A source as its page shows it, as far as is known before it is imported."""
    card = _card(one)
    made = {"dataset": card.dataset, "n_prompts": card.num_prompts} if card else {}
    return SourceDetail(
        source=source_view(one),
        saelens_config=_config(one),
        made_from={name: value for name, value in made.items() if value is not None},
        density=Histogram([], []),
        max_activation=Histogram([], []),
        skipped=0,
    )


def _card(one: Waiting) -> SourceLine | None:
    return one.cards.source if isinstance(one, AvailableSource) else None


def _config(one: Waiting) -> dict[str, Any]:
    if isinstance(one, LocalSae):
        return one.config
    return one.cards.source.saelens_config if one.cards.source else {}
