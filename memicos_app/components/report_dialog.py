"""Reporting a comment, an explanation or a list to the site's administrators: the button, and the one dialog."""

from __future__ import annotations

from typing import Any

import reflex as rx

from memicos_app.components.rights import declares, needs
from memicos_app.library import reports
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError

DIALOG = "report-dialog"


@declares(Right.READ)
class ReportState(rx.State):
    """What is about to be reported."""

    kind: str = ""
    subject_id: str = ""
    words: str = ""
    problem: str = ""
    round: int = 0

    @rx.event
    def open(self, kind: str, subject_id: str, words: str) -> Any:
        """Ask for the reason."""
        self.kind, self.subject_id, self.words, self.problem = kind, subject_id, words[:300], ""
        self.round += 1
        return rx.call_script(f"document.getElementById('{DIALOG}').showModal()")

    @rx.event
    @needs(Right.WRITE)
    async def send(self, form: dict[str, Any]) -> Any:
        """Report it."""
        try:
            await reports.report(self.kind, self.subject_id, str(form.get("reason", "")))
        except LibraryError as error:
            self.problem = error.message
            return None
        return [
            rx.call_script(f"document.getElementById('{DIALOG}').close()"),
            rx.toast.success("Reported. An administrator will look at it."),
        ]


def report_button(kind: str, subject_id: Any, words: Any) -> rx.Component:
    """Opens the dialog, which the page holds once."""
    return rx.el.button(
        "Report",
        type="button",
        aria_haspopup="dialog",
        aria_label="Report: " + words.to(str),
        on_click=ReportState.open(kind, subject_id, words.to(str)),
        class_name="link faint",
    )


def report_dialog() -> rx.Component:
    """The dialog."""
    return rx.el.dialog(
        rx.el.div(
            rx.el.h2("Report this ", ReportState.kind),
            rx.el.form(rx.el.button("×", aria_label="Close", class_name="btn quiet small icon"), method="dialog"),
            class_name="card-head lined",
        ),
        rx.el.form(
            rx.el.p(ReportState.words, class_name="small muted iso clamp-2"),
            rx.el.label("What is wrong with it?", html_for="report-reason", class_name="label"),
            rx.el.textarea(
                id="report-reason",
                key=ReportState.round.to(str),
                name="reason",
                rows=3,
                required=True,
                max_length=reports.LONGEST_REASON,
                class_name="textarea",
            ),
            rx.cond(
                ReportState.problem != "", rx.el.p(ReportState.problem, role="alert", class_name="field-wrong small")
            ),
            rx.el.button("Report", type="submit", class_name="btn primary"),
            on_submit=ReportState.send,
            class_name="card-body own-words",
        ),
        id=DIALOG,
        aria_label="Report",
        class_name="dialog",
    )
