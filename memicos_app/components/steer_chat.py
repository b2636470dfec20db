"""Two conversations side by side: what was said to both, and what each answered."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import reflex as rx

from memicos_app.components.rights import declares
from memicos_app.components.steer_panes import NOTHING, Text, Turn
from memicos_app.library.accounts.rights import Right
from memicos_app.library.steering import ChatTurn


@declares(Right.READ)
class Conversation(rx.State, mixin=True):
    """Turns that are over; the last one stands in `asked` and in the two texts of the page that mixes this in."""

    chat: bool = False
    can_chat: bool = False
    past: list[Turn] = []
    asked: str = ""
    prompt: str = ""
    prompt_round: int = 0
    """Another number whenever words are put into the box; what is typed there changes nothing."""
    default_text: Text = NOTHING
    steered_text: Text = NOTHING
    _default_of: tuple[Any, ...] = ()

    def _end(self) -> None:
        """End what runs; the writing mixin does it."""
        raise NotImplementedError

    def _put_words(self, words: str) -> None:
        """Have these words in the box, whatever is typed there."""
        self.prompt = words
        self.prompt_round = secrets.randbelow(2**31)  # no count: a site that starts again would repeat it

    def _say(self, words: str) -> None:
        """Begin a turn: what was said and answered before is over."""
        if self.asked:
            turn = Turn(said=self.asked, default=self.default_text, steered=self.steered_text)
            self.past = [*self.past, turn]
        self.asked = words
        self._put_words("")
        self.default_text = self.steered_text = NOTHING
        self._default_of = ()

    def _forget(self) -> None:
        self._end()
        self.past, self.asked, self._default_of = [], "", ()
        self.default_text = self.steered_text = NOTHING

    @rx.event
    def reset_chat(self) -> Any:
        """Begin a new conversation; the first thing said comes back into the box."""
        self._put_words(self.past[0]["said"] if self.past else self.asked or self.prompt)
        self._forget()
        return rx.set_focus("prompt")

    def _turns(self, side: str) -> list[ChatTurn]:
        """The conversation of a side (`default` or `steered`) up to what was said last."""
        turns: list[ChatTurn] = []
        for turn in self.past:
            answer: Text = turn["default"] if side == "default" else turn["steered"]
            turns += [ChatTurn("user", turn["said"]), ChatTurn("assistant", answer["text"])]
        return [*turns, ChatTurn("user", self.asked)]

    def _recall(self, default: Sequence[ChatTurn], steered: Sequence[ChatTurn]) -> None:
        """Show a conversation that was kept, but for its last answers."""
        said = [turn.content for turn in steered if turn.role == "user"]
        answers = [[turn.content for turn in turns if turn.role == "assistant"] for turns in (default, steered)]
        self.past = [
            Turn(said=words, default=bare(one), steered=bare(other))
            for words, one, other in zip(said[:-1], *answers, strict=False)
        ]
        self.asked = said[-1] if said else ""


def bare(text: str) -> Text:
    """A text of which nothing but its words is known."""
    return Text(text=text, marks=[], tokens=[])


def mode_switch(chat: Any, *, on_pick: Any) -> rx.Component:
    """Completion or chat."""
    return rx.el.div(
        rx.el.button("Completion", type="button", aria_pressed=~chat, on_click=on_pick(False)),
        rx.el.button("Chat", type="button", aria_pressed=chat, on_click=on_pick(True)),
        role="group",
        aria_label="How the model is asked",
        class_name="seg",
    )
