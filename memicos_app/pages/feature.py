"""The dashboard of one feature: what it means, where it fires, what it does, and a box to test it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.ask_model import AskModel
from memicos_app.components.charts import histogram
from memicos_app.components.empty import Suggestion, failed, not_found
from memicos_app.components.example_display import example_display
from memicos_app.components.example_list import example_list
from memicos_app.components.explanation_card import explanation_card
from memicos_app.components.explanation_title import explanation_title
from memicos_app.components.explanation_votes import Voting
from memicos_app.components.feature_actions import actions, embed_dialog, open_whole, where
from memicos_app.components.feature_address import TEST_TEXT, embed_part, embedded, feature_path, is_this_page
from memicos_app.components.feature_config import fact_tables, feature_config, numbers_made
from memicos_app.components.feature_display import LAYOUTS, FeatureDisplay, feature_display
from memicos_app.components.feature_kept import FeatureKept, keep_verbs, kept_cards
from memicos_app.components.feature_skeleton import feature_skeleton
from memicos_app.components.feature_ways import index_of, read, ways_on
from memicos_app.components.jump import address
from memicos_app.components.layout import card, page
from memicos_app.components.logit_table import logit_table
from memicos_app.components.own_text import OwnText
from memicos_app.components.own_words import OwnWords
from memicos_app.components.report_dialog import report_dialog
from memicos_app.components.rights import declares
from memicos_app.components.score_details import ScoreDialog, score_dialog
from memicos_app.components.seen_by import SeenBy
from memicos_app.components.similar_elsewhere import similar_in_other_sources
from memicos_app.components.similar_features import correlated_features, similar_features
from memicos_app.components.test_box import test_box
from memicos_app.components.tested_texts import texts_tested
from memicos_app.library import catalog, features, ownership
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError, NotFoundError
from memicos_app.library.views import FeatureView


@declares(Right.READ)
class FeatureState(OwnText, OwnWords, AskModel, ScoreDialog, Voting, rx.State):
    """One feature as shown, how its examples are drawn, and the test of it that was asked for last."""

    phase: str = ""
    """`ready`, `missing`, `failed`, or empty while the first feature is read."""
    arrived: str = ""
    """Path of the page that was loaded last."""
    shown: FeatureDisplay = FeatureDisplay()
    sources: list[str] = []
    groups: list[dict[str, Any]] = []
    maximum: float = 0.0
    attributed_maximum: float = 0.0
    folded: int = 0
    unfolded: bool = False
    split: bool = False
    default_layout: str = "snippet"
    default_breaks: bool = False
    chosen_layout: str = rx.LocalStorage("", name="memicos-example-layout")
    chosen_breaks: str = rx.LocalStorage("", name="memicos-line-breaks")
    problem: str = ""
    suggestions: list[Suggestion] = []
    _sources_of: str = ""

    @rx.var
    def title(self) -> str:
        """The document's title."""
        if self.phase == "missing":
            return "Not found · MemicOS"
        place = f"{self.shown.source}/{self.shown.number} · MemicOS"
        return f"{self.shown.title} · {place}" if self.shown.title else "MemicOS"

    @rx.var
    def layout(self) -> str:
        """How examples are drawn: what was chosen last, else what the source set wants."""
        return self.chosen_layout if self.chosen_layout in LAYOUTS else self.default_layout

    @rx.var
    def breaks(self) -> bool:
        """Whether line breaks are real."""
        return self.chosen_breaks == "yes" if self.chosen_breaks else self.default_breaks

    @rx.event
    def leave(self) -> None:
        """Another page is shown: a feature that is opened later must not begin with this one."""
        self.phase, self.shown, self.groups, self.suggestions = "", FeatureDisplay(), [], []
        self._put("")

    @rx.event
    async def load(self) -> AsyncIterator[Any]:
        """Read the feature of the address, then test the text that the address brings."""
        place = self._place()
        self.arrived = self.router.url.path
        self.may_edit = ownership.may_edit()
        self._forget_asking()
        self._bring(str(self.router.url.query_parameters.get(TEST_TEXT, "")))
        try:
            view = await read(*place)
            await self._read_texts()
            self._show(view)
        except NotFoundError as error:
            self.phase, self.problem = "missing", error.message
            self.suggestions = await ways_on(*place)
        except LibraryError as error:
            self.phase, self.problem = "failed", error.message
        else:
            if self.text.strip():
                yield self._test(self.text)
            yield [FeatureState.load_votes, FeatureState.load_sources]

    @rx.event
    async def load_sources(self) -> None:
        """The model's sources that can be looked at, for the switch; read once a model."""
        model_id = self._place()[0]
        if model_id != self._sources_of:
            sets = await catalog.source_sets(model_id)
            self.sources = [source.id for one in sets for source in one.sources if source.state == "ready"]
            self._sources_of = model_id

    def _show(self, view: FeatureView) -> None:
        self.phase, self.problem, self.unfolded = "ready", "", False
        self.shown = feature_display(view)
        self.default_layout = LAYOUTS[min(max(view.default_range, 0), len(LAYOUTS) - 1)]
        self.default_breaks = view.default_show_breaks
        self._show_examples(view)

    async def _reread(self) -> None:
        """What the page says of the feature, after its explanations changed; examples stay as they are drawn."""
        self.shown = feature_display(await read(*self._place()))

    def _show_examples(self, view: FeatureView) -> None:
        examples = example_display(view, fold=not self.unfolded, split=self.split)
        self.groups = [dict(group) for group in examples.groups]
        self.maximum, self.attributed_maximum = examples.maximum, examples.attributed_maximum
        self.folded = examples.folded

    @rx.event
    def choose_layout(self, name: str) -> None:
        self.chosen_layout = name

    @rx.event
    def switch_breaks(self) -> None:
        self.chosen_breaks = "no" if self.breaks else "yes"

    @rx.event
    async def switch_fold(self) -> None:
        """Show duplicates, or fold them again."""
        self.unfolded = not self.unfolded
        self._show_examples(await read(*self._place()))

    @rx.event
    async def switch_split(self) -> None:
        """Show the attribution of an attention feature in rows of its own, or in the activations' rows again."""
        self.split = not self.split
        self._show_examples(await read(*self._place()))

    @rx.event
    def jump(self, form: dict[str, Any]) -> EventSpec:
        """Go to another index, or wherever else leads what was typed."""
        model_id, source_id, _ = self._place()
        path = address(str(form.get("index", "")), model_id, source_id)
        return rx.redirect(path + self.query if path.count("/") == 3 else path)

    @rx.event
    def switch_source(self, source_id: str) -> EventSpec:
        """The same index in another source."""
        model_id, _, index = self._place()
        return rx.redirect(feature_path(model_id, source_id, index) + self.query)

    @rx.event
    async def download_vector(self) -> EventSpec | None:
        """The decoder direction as a JSON file."""
        model_id, source_id, index = self._place()
        try:
            found = await features.vector(model_id, source_id, index_of(index) or 0)
        except LibraryError as error:
            return rx.toast.error(error.message)
        data = {
            "modelId": model_id,
            "source": source_id,
            "index": index_of(index) or 0,
            **found.model_dump(by_alias=True),
        }
        return rx.download(data=json.dumps(data), filename=f"{source_id}-{index}-vector.json")


ON_LOAD = [FeatureState.load, FeatureKept.load, SeenBy.load]


@rx.page(route="/[model_id]/[source_id]/[index]", title=FeatureState.title, on_load=ON_LOAD)
def feature_page() -> rx.Component:
    return page(
        rx.el.div(
            rx.match(
                rx.cond(is_this_page(FeatureState.arrived), FeatureState.phase, ""),
                ("ready", dashboard()),
                ("missing", not_found("No such feature here", FeatureState.problem, FeatureState.suggestions)),
                ("failed", failed(FeatureState.problem)),
                feature_skeleton(),
            ),
            on_unmount=FeatureState.leave,
        ),
        active="browse",
        embed=embedded(),
    )


def dashboard() -> rx.Component:
    feature = FeatureState.shown
    return rx.fragment(
        rx.cond(embedded(), open_whole(feature, FeatureState.text), head()),
        rx.cond(embed_part("embedexplanation"), explanation_title(feature, FeatureState.open_score, keep_verbs())),
        rx.el.div(
            rx.el.div(
                rx.cond(embed_part("embedplots"), plots()),
                rx.cond(embedded(), rx.fragment(), background()),
                class_name="side",
            ),
            rx.el.div(
                rx.cond(embed_part("embedtest"), own_text()),
                rx.cond(embed_part("embedactivations"), examples()),
                class_name="stack",
            ),
            class_name="cols feature",
        ),
        score_dialog(FeatureState),
        report_dialog(),
    )


def head() -> rx.Component:
    feature = FeatureState.shown
    return rx.el.div(
        where(feature, FeatureState.sources, FeatureState.jump, FeatureState.switch_source),
        rx.el.div(
            *actions(feature, FeatureState.query, FeatureState.text, FeatureState.download_vector),
            class_name="actions",
        ),
        embed_dialog(),
        class_name="page-head",
    )


def plots() -> rx.Component:
    """What the feature does to the output, and how it fires."""
    feature = FeatureState.shown
    return rx.cond(
        feature.vector != "",
        rx.fragment(),  # nobody ran a corpus through somebody's vector
        rx.fragment(
            logit_table(feature),
            card(
                rx.el.div(histogram(feature.activation_plot, "Activations where it fires"), class_name="card-body"),
                title="Activation density",
                aside=rx.el.b(feature.density, class_name="num"),
            ),
            card(
                rx.el.div(histogram(feature.logit_plot, "Effect on all logits"), class_name="card-body"),
                title="Effect on all logits",
            ),
        ),
    )


def background() -> rx.Component:
    """What is near the feature, and what its numbers rest on; of a vector, what people say of it."""
    feature = FeatureState.shown
    return rx.cond(
        feature.vector != "",
        rx.fragment(kept_cards(), numbers_made(feature)),
        rx.fragment(
            explanation_card(feature, FeatureState),
            kept_cards(),
            similar_features(feature),
            similar_in_other_sources(feature),
            correlated_features(feature),
            numbers_made(feature),
            feature_config(feature),
            fact_tables(feature),
        ),
    )


def own_text() -> rx.Component:
    return test_box(
        text=FeatureState.text,
        text_round=FeatureState.text_round,
        result=FeatureState.result,
        maximum=FeatureState.maximum,
        breaks=FeatureState.breaks,
        took=FeatureState.took,
        problem=FeatureState.test_problem,
        busy=FeatureState.testing,
        steer_href=FeatureState.shown.steer_href,
        shows_field=embed_part("embedtestfield"),
        shows_steer=embed_part("embedsteer"),
        on_test=FeatureState.submit_test,
        on_reset=FeatureState.reset_test,
        below=texts_tested(FeatureState),
    )


def examples() -> rx.Component:
    return example_list(
        groups=FeatureState.groups,
        maximum=FeatureState.maximum,
        attributed_maximum=FeatureState.attributed_maximum,
        layout=FeatureState.layout,
        breaks=FeatureState.breaks,
        folded=FeatureState.folded,
        unfolded=FeatureState.unfolded,
        split=FeatureState.split,
        on_layout=FeatureState.choose_layout,
        on_breaks=FeatureState.switch_breaks,
        on_fold=FeatureState.switch_fold,
        on_split=FeatureState.switch_split,
        on_test=FeatureState.test_example,
    )
