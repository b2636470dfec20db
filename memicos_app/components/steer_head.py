"""The head line of the steer page: where one is, which model, completion or chat, presets, and the link to a run."""

from __future__ import annotations

from typing import Any

import reflex as rx

from memicos_app.components.feature_address import parameter
from memicos_app.components.held import held_select
from memicos_app.components.layout import crumbs, page_head
from memicos_app.components.steer_chat import mode_switch
from memicos_app.components.steer_presets import preset_select


def steer_head(state: type[Any]) -> rx.Component:
    """Where you are, and what concerns the page as a whole."""
    return page_head(
        crumbs((state.r_model, "/" + state.r_model), ("Steer", "")),
        model_select(state),
        rx.cond(state.can_chat, mode_switch(state.chat, on_pick=state.pick_mode)),
        preset_select(
            state.prompt_presets,
            state.feature_presets,
            state.own_vectors,
            on_pick=state.begin_with,
        ),
        rx.el.button(
            "Share",
            type="button",
            on_click=state.share,
            class_name="btn",
            data_key="c",
            data_key_label="keep this run and copy its link",
        ),
    )


def model_select(state: type[Any]) -> rx.Component:
    """Other models that can be steered, where there are any."""
    return rx.cond(
        (state.models.length() > 1) & parameter("hideModelSelector", "!==", "true"),
        held_select(
            rx.foreach(state.models, lambda one: rx.el.option(one, value=one)),
            value=state.r_model,
            on_change=lambda model: rx.redirect("/" + model + "/steer"),
            aria_label="Model",
            class_name="select small steer-models",
        ),
    )
