"""Conditional steering on the steer page: only at tokens where a chosen feature is active enough."""

from __future__ import annotations

from typing import Any

import reflex as rx

from memicos_app.components.rights import declares
from memicos_app.components.steer_features import Suggestion
from memicos_app.components.steer_picked import finite
from memicos_app.library.accounts.rights import Right
from memicos_app.library.steering import SteerCondition


@declares(Right.READ)
class SteerOnlyWhere(rx.State, mixin=True):
    """The feature that decides, and its threshold; the page that mixes this in finds features and has `run`."""

    only_where: str = ""
    only_where_means: str = ""
    threshold: float = 0.0
    problem: str = ""
    _condition: tuple[str, int] | None = None

    async def _found(self, words: str) -> list[Suggestion]:
        raise NotImplementedError

    def _again(self) -> Any:
        raise NotImplementedError

    @rx.event
    async def set_only_where(self, words: str) -> Any:
        """Take the first feature that fits the words, or none where there are no words."""
        if words.strip() == self.only_where:
            return None
        found = await self._found(words[:300]) if words.strip() else []
        if words.strip() and not found:
            self.problem = f"No feature fits “{words[:80]}”."
            return None
        self.problem = ""
        before = self._condition
        self._decide(found[0] if found else None)
        return self._again() if self._condition != before else None

    @rx.event
    def set_threshold(self, value: str) -> Any:
        """Steer where the feature is above this."""
        number = finite(value)
        if number is None or number == self.threshold:
            return None
        self.threshold = number
        return self._again() if self._condition else None

    def _decide(self, feature: Suggestion | None) -> None:
        self._condition = (feature["source"], feature["feature"]) if feature else None
        self.only_where = f"{feature['source']}/{feature['feature']}" if feature else ""
        self.only_where_means = feature["label"] if feature else ""

    async def _recall_condition(self, condition: SteerCondition | None) -> None:
        if condition is None:
            self._decide(None)
            return
        place = f"{condition.source_id}/{condition.index}"
        unknown = Suggestion(source=condition.source_id, feature=condition.index, label="", place=place)
        self._decide(next(iter(await self._found(place)), unknown))
        self.threshold = condition.threshold

    def _only_where(self) -> SteerCondition | None:
        return SteerCondition(*self._condition, self.threshold) if self._condition else None


def only_where_fields(state: Any) -> rx.Component:
    """A feature by its place or its meaning, and the threshold."""
    return rx.fragment(
        rx.el.div(
            rx.el.label("only where", html_for="setting-only-where"),
            rx.el.input(
                id="setting-only-where",
                default_value=state.only_where,
                key=state.only_where,
                on_blur=state.set_only_where,
                placeholder="any feature",
                title="A feature by layer/index or by what it means: steer only at tokens where it is active",
                auto_complete="off",
                class_name="input wide",
            ),
            class_name="setting",
        ),
        rx.cond(
            state.only_where != "",
            rx.fragment(
                rx.el.p(state.only_where_means, class_name="tiny faint iso"),
                rx.el.div(
                    rx.el.label("is above", html_for="setting-threshold"),
                    rx.el.input(
                        id="setting-threshold",
                        type="number",
                        step="any",
                        default_value=state.threshold.to(str),
                        key=state.threshold.to(str),
                        on_blur=state.set_threshold,
                        class_name="input",
                    ),
                    class_name="setting",
                ),
            ),
        ),
    )
