"""The dialog in which somebody pastes a direction of their own; it is kept and steered with at once."""

from __future__ import annotations

from typing import Any, TypeAlias

import reflex as rx

from memicos_app.components.rights import declares, needs
from memicos_app.components.steer_picked import finite
from memicos_app.library import catalog, vectors
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import BadInputError, LibraryError

Var: TypeAlias = Any
Handler: TypeAlias = Any
DIALOG = "vector-dialog"
OPEN = f"document.getElementById('{DIALOG}').showModal()"
CLOSE = f"document.getElementById('{DIALOG}').close()"


@declares(Right.READ)
class VectorDialog(rx.State, mixin=True):
    """What the dialog says; the page that mixes this in can add a vector and has `run`."""

    vector_problem: str = ""
    vector_hint: str = ""
    vector_layer: int = 0
    vector_layers: int = 1
    r_model: str = ""

    async def _add(self, source: str, feature: int, strength: float | None = None) -> None:
        raise NotImplementedError

    async def _list_presets(self) -> None:
        raise NotImplementedError

    @rx.event
    async def open_vector(self) -> Any:
        """Show the dialog with what the model needs."""
        self.vector_problem = ""
        try:
            model = await catalog.model(self.r_model)
        except LibraryError as error:
            return rx.toast.error(error.message)
        self.vector_layers = max(1, model.layers)
        layer = (model.default_source_id or "").partition("-")[0]
        self.vector_layer = int(layer) if layer.isdigit() else model.layers // 2
        self.vector_hint = f"{model.dimension} numbers" if model.dimension else "As many numbers as the model is wide"
        return rx.call_script(OPEN)

    @rx.event
    @needs(Right.WRITE)
    async def keep_vector(self, form: dict[str, Any]) -> Any:
        """Keep the vector and steer with it; what is wrong is said in the dialog, which stays."""
        self.vector_problem = ""
        try:
            made = await self._kept_vector(form)
            await self._add(made.source_id, made.index)
            await self._list_presets()
        except LibraryError as error:
            self.vector_problem = error.message
            return None
        return [rx.call_script(CLOSE), type(self).event_handlers["run"]]

    async def _kept_vector(self, form: dict[str, Any]) -> vectors.Vector:
        layer, strength = finite(form.get("layer")), finite(form.get("strength"))
        if layer is None or strength is None:
            raise BadInputError("Layer and strength are numbers.", field="layer")
        return await vectors.create(
            self.r_model,
            round(layer),
            str(form.get("hook", "")),
            vectors.parse(str(form.get("values", ""))),
            label=str(form.get("label", "")),
            default_strength=strength,
        )


def vector_dialog(state: Any) -> rx.Component:
    """Name, hook point, strength, numbers."""
    return rx.el.dialog(
        rx.el.div(
            "A vector of your own",
            rx.el.form(rx.el.button("×", aria_label="Close", class_name="btn quiet small icon"), method="dialog"),
            class_name="card-head lined",
        ),
        rx.el.form(
            field(
                "Name", "label", rx.el.input(name="label", id="vector-label", auto_complete="off", class_name="input")
            ),
            rx.el.div(
                field(
                    "Layer",
                    "layer",
                    rx.el.input(
                        name="layer",
                        id="vector-layer",
                        type="number",
                        min=0,
                        max=state.vector_layers - 1,
                        default_value=state.vector_layer.to(str),
                        key=state.vector_layer.to(str),
                        class_name="input",
                    ),
                ),
                field(
                    "Hook",
                    "hook",
                    rx.el.select(
                        rx.el.option("after the layer", value="hook_resid_post"),
                        rx.el.option("before the layer", value="hook_resid_pre"),
                        name="hook",
                        id="vector-hook",
                        class_name="select",
                    ),
                ),
                field(
                    "Strength",
                    "strength",
                    rx.el.input(
                        name="strength",
                        id="vector-strength",
                        type="number",
                        step="any",
                        default_value="10",
                        class_name="input",
                    ),
                ),
                class_name="vector-place",
            ),
            field(
                "Numbers",
                "values",
                rx.el.textarea(
                    name="values",
                    id="vector-values",
                    rows=6,
                    spell_check=False,
                    placeholder="[0.12, -0.03, …]",
                    class_name="textarea mono",
                ),
                hint=state.vector_hint + ", as JSON or with commas, spaces or line breaks between them.",
            ),
            rx.cond(
                state.vector_problem != "", rx.el.p(state.vector_problem, class_name="notice amber iso", role="alert")
            ),
            rx.el.button("Keep and steer", type="submit", class_name="btn primary"),
            on_submit=state.keep_vector,
            class_name="card-body stack",
        ),
        id=DIALOG,
        aria_label="A vector of your own",
        class_name="dialog",
    )


def field(label: str, name: str, control: rx.Component, *, hint: Var | str = "") -> rx.Component:
    small = [rx.el.span(hint, class_name="tiny faint")] if isinstance(hint, rx.Var) or hint else []
    return rx.el.div(
        rx.el.label(label, html_for=f"vector-{name}", class_name="label"), control, *small, class_name="field"
    )
