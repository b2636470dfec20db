"""The API to be read and tried out: what every address takes and answers, sent from the page itself."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.api_reference import api_reference
from memicos_app.components.layout import card, crumbs, page, page_head
from memicos_app.components.person_state import PersonState

FILES, DESCRIPTION = "/api/docs", "/api/openapi.json"


@rx.page(route="/api-doc", title="API · MemicOS")
def api_doc_page() -> rx.Component:
    return page(
        page_head(
            crumbs(("Home", "/"), ("API", "")),
            rx.el.a("OpenAPI file", href=DESCRIPTION, download="memicos-openapi.json", class_name="btn small"),
        ),
        rx.el.h1("API", class_name="title"),
        rx.el.p(
            "What a page shows, a program can ask for: the same address with .json at its end, or one of these. "
            "“Try it out” sends a request from here, as you are signed in. ",
            rx.cond(
                PersonState.site_mode == "single",
                "A site for one person needs no key.",
                rx.fragment(
                    "A program sends a key, which you make on ",
                    rx.el.a("your account", href="/account", class_name="link"),
                    ", as x-api-key; “Authorize” takes one for this page alone.",
                ),
            ),
            class_name="muted lead",
        ),
        card(api_reference(files=FILES, description=DESCRIPTION), class_name="api-card"),
    )
