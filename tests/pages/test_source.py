"""What the pages of sources say, and the list of a source page by page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memicos_app.components.active_filters import chips
from memicos_app.components.facet_cards import choices
from memicos_app.components.feature_browser import BrowserState
from memicos_app.components.list_address import Asked
from memicos_app.components.source_overview import load_snippet, overview
from memicos_app.components.source_rows import hook_words, layer_strip, sae_path, source_row, todo
from memicos_app.library import catalog, facets
from memicos_app.library.feature_filters import FeatureFilter, Span
from memicos_app.pages.source import neighbours, set_summary, source_summary
from tests.api import dataset
from tests.pages.conftest import state_of

PATH = f"/{dataset.MODEL}/{dataset.SOURCE}"


@pytest.mark.parametrize(
    ("hook", "words"),
    [
        ("blocks.15.hook_resid_post", "residual stream after layer 15"),
        ("blocks.0.hook_resid_pre", "residual stream before layer 0"),
        ("blocks.3.mlp.hook_post", "MLP neurons of layer 3"),
        ("blocks.7.attn.hook_z", "attention heads of layer 7"),
        ("transformer.h.3.ln_2", "transformer.h.3.ln_2"),
    ],
)
def test_hook_points_in_words(hook: str, words: str) -> None:
    layer = int(hook.split(".")[1]) if hook.startswith("blocks") else 3
    assert hook_words(hook, layer) == words


async def test_every_state_says_what_to_do(imported: str) -> None:
    source = (await catalog.source(dataset.MODEL, dataset.SOURCE)).source
    assert todo(source) == ""
    assert todo(replace(source, state="available")) == f"memicos import {dataset.MODEL} {dataset.SOURCE}"
    made = todo(replace(source, state="weights-only"))
    assert made == f"memicos generate --sae {sae_path(dataset.MODEL, dataset.SOURCE)}"


async def test_the_strip_of_layers_covers_the_model(imported: str) -> None:
    (source_set,) = await catalog.source_sets(dataset.MODEL)
    layers = layer_strip(source_set, 30)
    assert [layer["number"] for layer in layers] == [str(number) for number in range(30)]
    assert [layer["href"] for layer in layers if layer["kind"] == "ready"] == [PATH]
    assert len(layer_strip(source_set, 4)) == 24, "layer 23 has weights"


async def test_a_row_leaves_out_what_nobody_measured(imported: str) -> None:
    source = (await catalog.source(dataset.MODEL, dataset.SOURCE)).source
    bare = source_row(replace(source, evaluation={}))
    assert (bare["variance"], bare["l0"], bare["recovered"]) == ("–", "–", "–")
    known = source_row(replace(source, evaluation={"explained_variance": 0.8431, "l0": 32, "loss_recovered": 0.984}))
    assert (known["variance"], known["l0"], known["recovered"]) == ("0.843", "32.0", "98.4 %")


async def test_summaries(imported: str) -> None:
    detail = await catalog.source(dataset.MODEL, dataset.SOURCE)
    assert source_summary(detail)[0] == ("3", "of 4,096 features live")
    assert set_summary([detail.source]) == [("1", "source"), ("1", "browsable"), ("3", "features")]
    assert source_summary(replace(detail, source=replace(detail.source, n_dashboards=0))) == [("4,096", "features")]


async def test_an_unknown_source_is_answered_with_those_there_are(imported: str) -> None:
    sources = [f"/{dataset.MODEL}/{layer}-res-4k" for layer in (7, 15, 23)]
    assert [one["href"] for one in await neighbours(dataset.MODEL)] == sources
    assert [one["href"] for one in await neighbours("no-such-model")] == [f"/{dataset.MODEL}"]


async def test_overview_of_a_real_source(imported: str) -> None:
    shown = overview(await catalog.source(dataset.MODEL, dataset.SOURCE), "demo/saes/x")
    assert ("features", "4,096") in shown.config
    assert "SAE.load_from_disk('demo/saes/x')" in shown.snippet


def test_a_published_sae_is_loaded_from_its_release() -> None:
    snippet = load_snippet({"saelens_release": "gpt2-small-res-jb", "saelens_sae_id": "blocks.0.hook_resid_pre"}, "x")
    assert "SAE.from_pretrained('gpt2-small-res-jb', 'blocks.0.hook_resid_pre')" in snippet


async def test_facets_say_what_each_choice_leaves(imported: str) -> None:
    found = await facets.facets(dataset.MODEL, dataset.SOURCE, FeatureFilter())
    assert found is not None
    assert list(choices(found, Asked(), PATH)) == [], "all are alike: there is nothing to choose between"
    found = replace(found, explained=(2, 1))
    shown = list(choices(found, Asked(), PATH))
    assert [(one["group"], one["words"], one["count"]) for one in shown[:2]] == [
        ("Explained", "yes", "2"),
        ("", "not yet", "1"),
    ]
    assert shown[0]["href"] == f"{PATH}?explained=yes"
    on = Asked(filters=FeatureFilter(explained=True))
    again = list(choices(found, on, PATH))
    assert (again[0]["chosen"], again[0]["href"]) == (True, PATH)


def test_filters_that_are_on_are_told_with_a_way_back() -> None:
    on = FeatureFilter(density=Span(0.001, 0.02), max_activation=Span(3), types=("a", "b"), live=False)
    shown = chips(Asked(query="sea", filters=on), PATH)
    assert [one["words"] for one in shown] == [
        "fires on 0.100 % to 2.000 %",
        "max at least 3.00",
        "a",
        "b",
        "never fired",
    ]
    assert shown[2]["href"] == f"{PATH}?q=sea&density=0.001..0.02&activation=3..&type=b&fires=no"


async def test_the_list_is_sorted_filtered_and_clamped(imported: str) -> None:
    browser = await state_of(BrowserState)
    await browser.show(dataset.MODEL, dataset.SOURCE, Asked())
    assert [row["number"] for row in browser.rows] == ["0", "10", "4000"]
    assert (browser.span, browser.total, browser.before, browser.after) == ("1–3", "3", "", "")
    await browser.show(dataset.MODEL, dataset.SOURCE, Asked("index", True, page=99))
    assert [row["number"] for row in browser.rows] == ["4000", "10", "0"]
    assert [one["sorted"] for one in browser.headings] == ["descending", "none", "none", "none", "none"]
    await browser.show(dataset.MODEL, dataset.SOURCE, Asked(query="no such words"))
    assert (browser.rows, browser.span) == ([], "0–0")


async def test_typing_keeps_the_box_and_an_address_fills_it(imported: str) -> None:
    browser = await state_of(BrowserState)
    await browser.show(dataset.MODEL, dataset.SOURCE, Asked())
    before = browser.box
    BrowserState.filter.fn(browser, "cat")
    await browser.show(dataset.MODEL, dataset.SOURCE, Asked(query="cat"))
    assert browser.box == before
    await browser.show(dataset.MODEL, dataset.SOURCE, Asked(query="dog"))
    assert browser.box == before + 1
