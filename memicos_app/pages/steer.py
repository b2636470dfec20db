"""The steer page: features with sliders on the left, the model's text unsteered and steered on the right."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from memicos_app.components.feature_address import embedded, parameter
from memicos_app.components.layout import card, page
from memicos_app.components.page_life import rejoins
from memicos_app.components.rights import declares, needs
from memicos_app.components.steer_chat import Conversation
from memicos_app.components.steer_condition import SteerOnlyWhere, only_where_fields
from memicos_app.components.steer_features import add_box, feature_rows, later
from memicos_app.components.steer_head import steer_head
from memicos_app.components.steer_panes import pane, prompt_box
from memicos_app.components.steer_picked import PickedFeatures, finite
from memicos_app.components.steer_presets import SteerPresets, keep_form
from memicos_app.components.steer_settings import SteerSettings, generation_card, steering_card
from memicos_app.components.steer_share import SteerShare, share_card
from memicos_app.components.steer_strip import SteerStrip, strip
from memicos_app.components.steer_vector_dialog import VectorDialog, vector_dialog
from memicos_app.components.steer_writing import SteerWriting, unsteered
from memicos_app.library import catalog, saved_runs, steering
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.side_by_side import Wish
from memicos_app.library.steering import SteerRequest

PROMPT = "The house at the end of the street was"
LOGPROBS = 5


@declares(Right.READ)
class SteerState(
    PickedFeatures,
    SteerOnlyWhere,
    SteerSettings,
    SteerWriting,
    Conversation,
    SteerPresets,
    VectorDialog,
    SteerStrip,
    SteerShare,
    rx.State,
):
    """What is steered, how, and what the model wrote."""

    prompt: str = PROMPT
    title: str = "Steer · MemicOS"
    models: list[str] = []

    @rx.event
    async def load(self) -> AsyncIterator[Any]:
        """Read the address: a saved run, a preset, or a feature to begin with."""
        if await rejoins(self):
            return
        query = self.router.url.query_parameters
        self.reset()
        self.r_model = self.router.url.path.strip("/").split("/")[0]
        self.title = f"Steer {self.r_model} · MemicOS"
        try:
            await self._arrive()
            if saved := query.get("saved"):
                await self._open(saved)
                return
            self._pick_mode(query.get("mode") == "chat")
            if alias := query.get("preset"):
                await self._begin_with(alias)
            if query.get("source") and query.get("index"):
                await self._add(query["source"], _whole(query["index"]), finite(query.get("strength")))
        except LibraryError as error:
            self.problem = error.message
            return
        if self.features and not self.chat:
            yield SteerState.run

    async def _arrive(self) -> None:
        model = await catalog.model(self.r_model)
        self.can_chat = model.instruct
        self.models = [one.id for one in await catalog.models() if one.inference_enabled]
        await self._list_presets()

    async def _open(self, run_id: str) -> None:
        run = await saved_runs.load(run_id)
        asked = run.request
        self._recall_settings(asked)
        await self._recall_condition(asked.condition)
        self.chat = bool(asked.chat)
        if asked.chat:
            self._recall(run.default_chat, asked.chat)
            self._put_words("")
        else:
            self.asked = asked.prompt
            self._put_words(asked.prompt)
        for part in asked.features:
            await self._add(part.source_id, part.index, part.strength)
        for vector in asked.vectors:
            self._add_kept(vector)
        self._show(run.result)
        if run.strip:
            self._compare(run.strip)
        self._kept, self._default_of = run, unsteered(Wish(asked, run.default_chat))

    @rx.event
    def pick_mode(self, chat: bool) -> Any:
        """Completion or chat; a text that was not of this kind goes."""
        if chat == self.chat:
            return None
        self._forget()
        self._pick_mode(chat)
        return SteerState.run if self.features and not chat else rx.set_focus("prompt")

    def _pick_mode(self, chat: bool) -> None:
        self.chat = chat and self.can_chat
        self._put_words("" if self.chat else PROMPT)

    @rx.event
    def write(self, prompt: str) -> None:
        """The prompt as it is typed."""
        self.prompt = prompt

    @rx.event
    @needs(Right.RUN)
    def submit(self, form: dict[str, Any]) -> Any:
        """Run with the prompt, or say the message, as it stands in the field."""
        words = str(form.get("prompt", self.prompt))
        if self.chat and not words.strip():
            return None
        if self.chat:
            self._end()
            self._say(words)
        else:
            self.prompt = words
        return SteerState.run

    def _begin(self) -> Wish | None:
        if not self.chat:
            self.asked = self.prompt
        return self._wish()

    def _wish(self) -> Wish | None:
        """What the page asks for as it stands; None while nothing was said."""
        if self.chat and not self.asked:
            return None
        features, vectors = self._picked()
        request = SteerRequest(
            self.r_model,
            "" if self.chat else self.prompt,
            features,
            vectors=vectors,
            chat=self._turns("steered") if self.chat else (),
            condition=self._only_where(),
            stop=self._stops(),
            n_logprobs=LOGPROBS,
            **self._options(),
        )
        return Wish(request, self._turns("default") if self.chat else ())


def _whole(value: str) -> int:
    return int(value) if value.isdigit() and len(value) < 10 else -1


def notices() -> rx.Component:
    return rx.el.div(
        rx.cond(SteerState.problem != "", rx.el.p(SteerState.problem, class_name="notice amber iso", role="alert")),
        rx.cond(SteerState.waiting != "", rx.el.p(SteerState.waiting, class_name="notice", role="status")),
        class_name="steer-notices",
    )


def left() -> list[rx.Component]:
    """Features and settings."""
    vector = rx.el.button(
        "+ vector",
        type="button",
        on_click=SteerState.open_vector,
        title="A vector of your own",
        class_name="link small",
    )
    return [
        card(
            add_box(
                SteerState.turn,
                SteerState.suggestions,
                on_change=later(SteerState.suggest, 160),
                on_submit=SteerState.add_first,
                on_add=SteerState.add,
            ),
            feature_rows(
                SteerState.features,
                starters=SteerState.feature_presets,
                on_slide=SteerState.set_strength,
                on_type=SteerState.set_strength,
                on_remove=SteerState.remove,
                on_start=SteerState.begin_with,
            ),
            title="Features",
            aside=vector,
            class_name="open",
        ),
        rx.cond(
            parameter("hideAdvancedSettings", "===", "true"),
            rx.fragment(),
            rx.fragment(
                steering_card(SteerState, only_where_fields(SteerState)),
                generation_card(SteerState),
                share_card(SteerState, rx.cond(SteerState.may_edit, keep_form(on_keep=SteerState.keep_preset))),
            ),
        ),
    ]


def right() -> list[rx.Component]:
    """What is asked and what came of it."""
    shared = {"asked": SteerState.asked, "past": SteerState.past, "chat": SteerState.chat}
    return [
        rx.el.section(
            prompt_box(
                SteerState.prompt,
                SteerState.prompt_round,
                chat=SteerState.chat,
                on_change=SteerState.write,
                on_run=SteerState.submit,
                on_stop=SteerState.stop,
                on_reset=SteerState.reset_chat,
                busy=SteerState.busy,
                longest=steering.LONGEST_PROMPT,
            ),
            class_name="card steer-asking",
            aria_label="Prompt",
        ),
        rx.el.div(
            pane(
                "As it is",
                "default",
                text=SteerState.default_text,
                speed="",
                busy=SteerState.default_busy,
                **shared,
            ),
            pane(
                "Steered",
                "steered",
                text=SteerState.steered_text,
                speed=SteerState.speed,
                busy=SteerState.busy,
                **shared,
            ),
            class_name="steer-panes",
        ),
        strip(SteerState.strip, on_run=SteerState.compare, features=SteerState.features),
    ]


@rx.page(route="/[model_id]/steer", title=SteerState.title, on_load=SteerState.load)
def steer() -> rx.Component:
    hides_settings = parameter("hideInitialSettingsOnMobile", "===", "true")
    return page(
        steer_head(SteerState),
        rx.el.h1("Steer " + SteerState.r_model, class_name="sr"),
        notices(),
        rx.el.div(
            rx.el.div(*left(), class_name="side"),
            rx.el.div(*right(), class_name="stack"),
            class_name="cols steer"
            + rx.cond(SteerState.chat, " is-chat", "")
            + rx.cond(hides_settings, " hides-settings", ""),
        ),
        vector_dialog(SteerState),
        active="steer",
        embed=embedded(),
    )
