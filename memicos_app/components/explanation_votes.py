"""Votes for and against explanations, where they stand on a feature's page."""

from __future__ import annotations

from typing import Any

import reflex as rx

from memicos_app.components.explanation_lines import ExplanationLine
from memicos_app.components.feature_display import FeatureDisplay, Shown
from memicos_app.components.person_state import PersonState
from memicos_app.components.rights import declares, needs
from memicos_app.library import votes
from memicos_app.library.accounts.person import person
from memicos_app.library.accounts.rights import Right, require
from memicos_app.library.errors import LibraryError


@declares(Right.READ)
class Voting(rx.State, mixin=True):
    """How the person who looks voted; the page that mixes this in has `shown` and `_reread`."""

    shown: FeatureDisplay
    own_votes: dict[str, int] = {}
    """1 or -1 by the explanation's id."""

    async def _reread(self) -> None:
        raise NotImplementedError

    @rx.event
    async def load_votes(self) -> None:
        """Read one's own votes on the explanations that are shown."""
        who = person().id
        ids = [one.id for one in self.shown.explanations]
        try:
            self.own_votes = await votes.of(who, ids) if who and ids else {}
        except LibraryError:
            self.own_votes = {}

    @rx.event
    @needs(Right.WRITE)
    async def vote(self, explanation_id: str, points: int) -> Any:
        """Vote for (1) or against (-1); a second time takes the vote back."""
        try:
            who = require(Right.WRITE)
            if self.own_votes.get(explanation_id) == points:
                await votes.withdraw(explanation_id, str(who.id))
            else:
                await votes.vote(explanation_id, str(who.id), points)
            await self._reread()
        except LibraryError as error:
            return rx.toast.error(error.message)
        ids = [one.id for one in self.shown.explanations]
        self.own_votes = await votes.of(str(who.id), ids)
        return None


def vote_arrows(line: Shown[ExplanationLine], state: type[Any]) -> rx.Component:
    """For, the sum of all votes, and against; visitors are led to signing in; in a demo the sum stands alone."""
    total = rx.el.span(line.votes, class_name="num", title="What all votes come to")
    return rx.cond(
        PersonState.may_write,
        rx.el.span(
            arrow("▲", "Vote for", 1, line, state),
            total,
            arrow("▼", "Vote against", -1, line, state),
            class_name="votes",
        ),
        rx.cond(
            PersonState.can_sign_in,
            rx.el.span(way_in("▲", "for", line), total, way_in("▼", "against", line), class_name="votes"),
            rx.cond(line.votes.to(int) != 0, rx.el.span("votes ", total, class_name="votes")),
        ),
    )


def way_in(sign: str, words: str, line: Shown[ExplanationLine]) -> rx.Component:
    """Where a visitor signs in to vote, and comes back from."""
    return rx.el.a(
        sign,
        href=PersonState.sign_in_href,
        title=f"Sign in to vote {words}",
        aria_label=f"Sign in to vote {words}: " + line.text.to(str),
        class_name="vote",
    )


def arrow(sign: str, words: str, points: int, line: Shown[ExplanationLine], state: type[Any]) -> rx.Component:
    return rx.el.button(
        sign,
        type="button",
        title=words,
        aria_label=f"{words}: " + line.text.to(str),
        aria_pressed=state.own_votes[line.id] == points,
        on_click=state.vote(line.id, points),
        class_name="vote",
    )
