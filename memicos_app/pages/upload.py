"""Batch files dropped on a page, sent one after the other, each with its progress and what became of it."""

from __future__ import annotations

import reflex as rx

from memicos_app.api.uploads import FILE_ROUTE
from memicos_app.components.checked_fields import only_the_owner
from memicos_app.components.copy import command
from memicos_app.components.file_drop import file_drop
from memicos_app.components.jump import place
from memicos_app.components.layout import card, crumbs, page, page_head
from memicos_app.components.rights import declares
from memicos_app.library import ownership
from memicos_app.library.accounts.rights import Right

ADDRESS = f"/api{FILE_ROUTE}"


@declares(Right.READ)
class UploadState(rx.State):
    """The source that files must be of, where the address names one."""

    into_model: str = ""
    into_source: str = ""
    may_edit: bool = True

    @rx.event
    def load(self) -> None:
        """Read the address."""
        asked = self.router.url.query_parameters
        self.into_model, self.into_source = asked.get("model", ""), asked.get("source", "")
        if not (self.into_model and self.into_source):
            self.into_model = self.into_source = ""
        self.may_edit = ownership.may_edit()

    @rx.var
    def source_href(self) -> str:
        return place(self.into_model, self.into_source) if self.into_source else ""


@rx.page(route="/upload", title="Upload features · MemicOS", on_load=UploadState.load)
def upload_page() -> rx.Component:
    return page(
        page_head(
            crumbs(("Models", "/"), ("Upload features", "")), rx.el.a("Add SAEs", href="/sae/new", class_name="btn")
        ),
        rx.el.h1("Upload features", class_name="title"),
        rx.el.p(
            "Batch files that SAEDashboard wrote. ",
            rx.cond(
                UploadState.into_source != "",
                rx.el.span(
                    "They must be of ",
                    rx.el.a(
                        UploadState.into_model + "/" + UploadState.into_source,
                        href=UploadState.source_href,
                        class_name="link iso",
                    ),
                    ".",
                ),
                "Each names its model and source; what is missing is made.",
            ),
            class_name="muted lead",
        ),
        rx.el.div(
            rx.el.div(
                rx.cond(
                    UploadState.may_edit,
                    file_drop(address=ADDRESS, model=UploadState.into_model, source=UploadState.into_source),
                    only_the_owner(),
                ),
                class_name="stack",
            ),
            rx.el.div(facts(), class_name="side"),
            class_name="cols flip",
        ),
        active="admin",
    )


def facts() -> rx.Component:
    lines = (
        "A file goes in whole or not at all. One that is here already is passed over, so an upload that was cut "
        "short is simply begun anew.",
        "Features that are here are left as they are unless you ask to replace them; dead ones are left out and "
        "listed.",
        "Afterwards a job explains features by their top tokens where nobody explained any, and search learns "
        "of them.",
    )
    return card(
        rx.el.div(
            *(rx.el.p(line, class_name="small muted") for line in lines),
            rx.el.p("The same from a terminal:", class_name="small muted"),
            command("memicos upload FOLDER"),
            class_name="card-body stack tight",
        ),
        title="What happens",
    )
