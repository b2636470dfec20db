"""What people say of a feature or a list: the comments, a field for one more, and the verbs of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

import reflex as rx

from memicos_app.components.invitation import invitation
from memicos_app.components.layout import card
from memicos_app.components.person_state import PersonState
from memicos_app.components.report_dialog import report_button
from memicos_app.components.rights import declares, needs
from memicos_app.components.visible_text import in_lines, one_line
from memicos_app.library import comments
from memicos_app.library.accounts.rights import Right
from memicos_app.library.comments import CommentView
from memicos_app.library.errors import LibraryError


class CommentRow(TypedDict):
    """A comment as a page shows it."""

    id: str
    text: str
    by: str
    href: str
    when: str
    mine: bool
    hidden: bool


@declares(Right.READ)
class Commenting(rx.State, mixin=True):
    """Comments of a page; it says in `_comments` and `_say` of what."""

    comments: list[CommentRow] = []
    comment_problem: str = ""
    comment_round: int = 0
    """A new one empties the field."""
    comment_doomed: str = ""
    """Id of the comment that is about to go."""

    async def _comments(self) -> Sequence[CommentView]:
        raise NotImplementedError

    async def _say(self, text: str) -> None:
        raise NotImplementedError

    async def _show_comments(self) -> None:
        self.comments = [comment_row(one) for one in await self._comments()]
        self.comment_doomed = ""

    @rx.event
    @needs(Right.WRITE)
    async def comment(self, form: dict[str, Any]) -> None:
        """Keep what was written."""
        self.comment_problem = ""
        try:
            await self._say(str(form.get("text", "")))
            await self._show_comments()
        except LibraryError as error:
            self.comment_problem = error.message
            return
        self.comment_round += 1

    @rx.event
    def ask_delete_comment(self, comment_id: str) -> None:
        """Ask whether a comment should go; an empty id: it stays."""
        self.comment_doomed = comment_id

    @rx.event
    @needs(Right.WRITE)
    async def delete_comment(self) -> Any:
        """Delete the comment that was asked about."""
        try:
            await comments.delete(self.comment_doomed)
            await self._show_comments()
        except LibraryError as error:
            return rx.toast.error(error.message)
        return None


def comment_row(one: CommentView) -> CommentRow:
    return CommentRow(
        id=one.id,
        text=in_lines(one.text, comments.LONGEST),
        by=one_line(one.author_name, 60),
        href=f"/user/{one.author_name}",
        when=f"{one.created_at:%Y-%m-%d %H:%M}",
        mine=one.mine,
        hidden=one.hidden,
    )


def comment_card(state: type[Any], what: str) -> rx.Component:
    """The card; `state` mixes in `Commenting`, `what` is said in its field: `this feature`."""
    return card(
        rx.cond(
            state.comments.length() > 0,
            rx.el.ul(rx.foreach(state.comments, lambda one: comment_item(one, state)), class_name="card-rows"),
            rx.el.p("Nobody has said anything yet.", class_name="card-body muted small"),
        ),
        rx.cond(PersonState.may_write, comment_form(state, what), invitation("comment")),
        title="Comments",
        class_name="comments",
    )


def comment_item(one: rx.Var[CommentRow], state: type[Any]) -> rx.Component:
    return rx.el.li(
        rx.el.p(one["text"], class_name="iso prewrap"),
        rx.el.div(
            rx.el.a(one["by"], href=one["href"], class_name="link iso"),
            rx.el.span(one["when"], class_name="faint"),
            rx.cond(one["hidden"], rx.el.span("hidden by an administrator", class_name="chip amber")),
            rx.cond(one["mine"], delete_verb(one, state)),
            rx.cond(PersonState.may_write & ~one["mine"].bool(), report_button("comment", one["id"], one["text"])),
            class_name="row wrap tiny",
        ),
        key=one["id"],
    )


def delete_verb(one: rx.Var[CommentRow], state: type[Any]) -> rx.Component:
    label = one["text"].to(str)
    return rx.cond(
        state.comment_doomed == one["id"],
        rx.fragment(
            rx.el.button(
                "Delete for good",
                type="button",
                aria_label="Delete for good: " + label,
                on_click=state.delete_comment,
                class_name="link neg",
            ),
            rx.el.button("Keep", type="button", on_click=state.ask_delete_comment(""), class_name="link"),
        ),
        rx.el.button(
            "Delete",
            type="button",
            aria_label="Delete: " + label,
            on_click=state.ask_delete_comment(one["id"]),
            class_name="link",
        ),
    )


def comment_form(state: type[Any], what: str) -> rx.Component:
    return rx.el.form(
        rx.el.label(f"Say something of {what}", html_for="comment-text", class_name="sr"),
        rx.el.textarea(
            id="comment-text",
            key=state.comment_round.to(str),
            name="text",
            rows=2,
            max_length=comments.LONGEST,
            required=True,
            placeholder=f"Say something of {what}",
            class_name="textarea",
        ),
        rx.cond(
            state.comment_problem != "",
            rx.el.p(state.comment_problem, role="alert", class_name="field-wrong small iso"),
        ),
        rx.el.button("Comment", type="submit", class_name="btn small"),
        on_submit=state.comment,
        class_name="own-words comment-form",
    )
