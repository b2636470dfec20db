"""What filters keep and what facets count, held against plain Python over the same features."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from memicos_app.db import session
from memicos_app.library import facets, feature_columns, features
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.errors import BadInputError
from memicos_app.library.explanations import refresh_labels
from memicos_app.library.feature_filters import FeatureFilter, Span
from memicos_app.library.query import run_in
from memicos_app.library.views import FeatureSort
from tests.conftest import settle
from tests.library.datasets.folder import MODEL, SOURCE, Folder, explanation, feature

N = 200
TYPES, WRITERS = ("np_max-act", "oai_token-act-pair", "written-by-hand"), ("gpt-4o", "claude", None)


@dataclass(frozen=True)
class Plain:
    """A feature as the test knows it."""

    index: int
    density: float
    maximum: float
    said: tuple[tuple[str, str | None, str, float | None], ...]
    """(type, writer, words, score) of each explanation."""


def made(number: int, chance: random.Random) -> Plain:
    dead = number % 17 == 0
    said = tuple(
        (chance.choice(TYPES), chance.choice(WRITERS), chance.choice(["sea birds", "birds of prey", "towns"]), score)
        for score in [chance.choice([None, round(chance.random(), 3)]) for _ in range(chance.choice([0, 0, 1, 1, 2]))]
    )
    density = 0.0 if dead else round(10 ** chance.uniform(-5, -1), 7)
    return Plain(number * 3, density, 0.0 if dead else round(chance.uniform(0.5, 80), 3), said)


PLAIN = [made(number, random.Random(number)) for number in range(N)]


@pytest.fixture(scope="module")
def filled(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = Folder(tmp_path_factory.mktemp("origin"))
    folder.batch(
        "features/batch-0", [feature(one.index, frac_nonzero=one.density, maxActApprox=one.maximum) for one in PLAIN]
    )
    folder.batch(
        "explanations/batch-0",
        [
            explanation(
                one.index,
                words,
                id=f"e{one.index}-{place}",
                typeName=kind,
                explanationModelName=writer,
                scores=[] if score is None else [{"type_name": "recall_alt", "value": score}],
            )
            for one in PLAIN
            for place, (kind, writer, words, score) in enumerate(one.said)
        ],
    )
    settle(import_source(folder.write(), MODEL, SOURCE))
    settle(session.dispose())
    return module_database


def within(span: Span, number: float) -> bool:
    return (span.low is None or number >= span.low) and (span.high is None or number <= span.high)


def best(one: Plain) -> float:
    return max((score for *_, score in one.said if score is not None), default=math.nan)


PARTS: dict[str, tuple[FeatureFilter, Callable[[Plain], bool]]] = {
    "density": (FeatureFilter(density=Span(1e-4, 1e-2)), lambda one: 1e-4 <= one.density <= 1e-2),
    "dense": (FeatureFilter(density=Span(1e-3)), lambda one: one.density >= 1e-3),
    "weak": (FeatureFilter(max_activation=Span(None, 20)), lambda one: one.maximum <= 20),
    "score": (FeatureFilter(score_type="recall_alt", score=Span(0.5)), lambda one: best(one) >= 0.5),
    "no such score": (FeatureFilter(score_type="none", score=Span(0.5)), lambda one: False),
    "type": (FeatureFilter(types=("np_max-act",)), lambda one: "np_max-act" in {said[0] for said in one.said}),
    "types": (
        FeatureFilter(types=("np_max-act", "written-by-hand", "?")),
        lambda one: bool({"np_max-act", "written-by-hand"} & {said[0] for said in one.said}),
    ),
    "writer": (FeatureFilter(explainers=("claude",)), lambda one: "claude" in {said[1] for said in one.said}),
    "explained": (FeatureFilter(explained=True), lambda one: bool(one.said)),
    "unexplained": (FeatureFilter(explained=False), lambda one: not one.said),
    "live": (FeatureFilter(live=True), lambda one: one.maximum > 0),
    "dead": (FeatureFilter(live=False), lambda one: one.maximum <= 0),
    "words": (FeatureFilter(query="bird"), lambda one: any("bird" in said[2] for said in one.said)),
    "number": (FeatureFilter(query="30"), lambda one: one.index == 30),
}


def both(first: FeatureFilter, second: FeatureFilter) -> FeatureFilter:
    empty = FeatureFilter()
    parts = {
        name: getattr(second, name) if getattr(second, name) != getattr(empty, name) else getattr(first, name)
        for name in FeatureFilter.__dataclass_fields__
    }
    return FeatureFilter(**parts)


async def indices(wanted: FeatureFilter, **how: Any) -> list[int]:
    found = await features.feature_list(MODEL, SOURCE, filters=wanted, limit=500, **how)
    assert found.total == len(found.rows)
    return [one.index for one in found.rows]


@pytest.mark.parametrize("name", PARTS)
async def test_each_filter_keeps_what_it_says(filled: str, name: str) -> None:
    wanted, keeps = PARTS[name]
    assert await indices(wanted) == [one.index for one in PLAIN if keeps(one)]


@pytest.mark.parametrize(
    "pair", [("density", "explained"), ("weak", "words"), ("types", "live"), ("writer", "score")]
)
async def test_filters_hold_together(filled: str, pair: tuple[str, str]) -> None:
    (first, keeps), (second, also) = (PARTS[name] for name in pair)
    assert await indices(both(first, second)) == [one.index for one in PLAIN if keeps(one) and also(one)]


@pytest.mark.parametrize("sort", ["index", "density", "max_activation", "explanation"])
@pytest.mark.parametrize("descending", [False, True])
async def test_the_order_is_that_of_the_whole_list(
    filled: str, sort: FeatureSort, descending: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facets, "STRIDE", 7)
    wanted, keeps = PARTS["dense"]
    kept = {one.index for one in PLAIN if keeps(one)}
    everything = await indices(FeatureFilter(), sort=sort, descending=descending)
    narrowed = await indices(wanted, sort=sort, descending=descending)
    assert narrowed == [index for index in everything if index in kept]
    page = await features.feature_list(
        MODEL, SOURCE, filters=wanted, sort=sort, descending=descending, offset=7, limit=5
    )
    assert [one.index for one in page.rows] == narrowed[7:12]
    assert page.total == len(kept)


async def test_facets_count_what_their_choice_would_leave(filled: str) -> None:
    on = both(PARTS["density"][0], PARTS["type"][0])
    found = await facets.facets(MODEL, SOURCE, on)
    assert found is not None
    dense, kind = PARTS["density"][1], PARTS["type"][1]
    assert (found.total, found.kept) == (N, sum(dense(one) and kind(one) for one in PLAIN))
    assert dict(found.types) == {
        name: sum(dense(one) and name in {said[0] for said in one.said} for one in PLAIN) for name in TYPES
    }
    for name, number in found.explainers:
        assert number == len(await indices(both(on, FeatureFilter(explainers=(name,)))))
    assert found.explained == (found.kept, 0), "what has a type is explained"
    assert found.live == (found.kept, 0)


async def test_histograms_hold_every_feature_and_those_that_the_others_keep(filled: str) -> None:
    found = await facets.facets(MODEL, SOURCE, both(PARTS["density"][0], PARTS["explained"][0]))
    assert found is not None
    fired = [one for one in PLAIN if one.density > 0]
    assert sum(found.density.every) == len(fired)
    assert sum(found.density.kept) == sum(bool(one.said) for one in fired), "its own range does not count"
    edges = found.density.edges
    for bar, (low, high) in enumerate(pairwise(edges)):
        inside = [one for one in fired if low <= one.density < high or (high == edges[-1] and one.density == high)]
        assert len(inside) == found.density.every[bar]
    assert (found.score_types, sum(found.score.every)) == (
        ["recall_alt"],
        sum(best(one) == best(one) for one in PLAIN),
    )


async def test_a_range_from_edge_to_edge_keeps_what_its_bars_count(filled: str) -> None:
    found = await facets.facets(MODEL, SOURCE, FeatureFilter())
    assert found is not None
    bars = found.max_activation
    span = Span(bars.edges[4], bars.edges[20])
    assert len(await indices(FeatureFilter(max_activation=span))) == sum(bars.every[4:20])


async def test_counts_follow_what_is_written(filled: str) -> None:
    before = await facets.facets(MODEL, SOURCE, FeatureFilter())
    bare = next(one.index for one in PLAIN if not one.said)
    async with session.session() as writer:
        names = {"model": MODEL, "source": SOURCE, "index": bare}
        await run_in(
            writer,
            "INSERT INTO explanations (id, model_id, source_id, index, description, type_name)"
            " VALUES ('new', :model, :source, :index, 'new', 'written-by-hand')",
            **names,
        )
        await refresh_labels(writer, MODEL, SOURCE, indices=[bare])
        await writer.commit()
        after = await facets.facets(MODEL, SOURCE, FeatureFilter())
        await run_in(writer, "DELETE FROM explanations WHERE id = 'new'")
        await refresh_labels(writer, MODEL, SOURCE, indices=[bare])
        await writer.commit()
    again = await facets.facets(MODEL, SOURCE, FeatureFilter())
    assert before is not None
    assert after is not None
    assert after.explained == (before.explained[0] + 1, before.explained[1] - 1)
    assert dict(after.types)["written-by-hand"] == dict(before.types)["written-by-hand"] + 1
    assert again == before


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (FeatureFilter(density=Span(2, 1)), "density"),
        (FeatureFilter(max_activation=Span(math.nan)), "max_activation"),
        (FeatureFilter(score=Span(0.5)), "score_type"),
    ],
)
async def test_what_cannot_be_meant_is_refused(filled: str, wanted: FeatureFilter, field: str) -> None:
    with pytest.raises(BadInputError) as caught:
        await features.feature_list(MODEL, SOURCE, filters=wanted)
    assert caught.value.field == field


async def test_a_source_without_features_has_no_facets(filled: str) -> None:
    assert await facets.facets(MODEL, "9-none", FeatureFilter()) is None
    assert await feature_columns.columns("nobody", SOURCE) is None


@pytest.mark.parametrize(
    ("low", "high", "logarithmic"), [(0.00031234, 0.25, True), (-0.31, 1.0, False), (3.0, 3.0, False), (0, 0, False)]
)
def test_edges_rise_and_hold_both_ends(low: float, high: float, logarithmic: bool) -> None:
    edges = facets.bar_edges(low, high, logarithmic=logarithmic)
    assert edges == sorted(set(edges))
    assert edges[0] <= low <= high <= edges[-1]
    assert all(float(f"{edge:.4g}") == edge for edge in edges)
