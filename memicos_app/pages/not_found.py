"""The page of an address with too many parts: every shorter one belongs to a model, a source or a feature."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.empty import Suggestion, not_found
from memicos_app.components.layout import page

PLACES = [
    Suggestion(words="Home", note="models, releases, a random feature", href="/"),
    Suggestion(words="Search explanations", note="find a feature by what it means", href="/search-explanations"),
    Suggestion(words="Status", note="what is here and what runs", href="/admin"),
]


@rx.page(route="/404", title="Not found · MemicOS")
def not_found_page() -> rx.Component:
    return page(not_found("Nothing lives at this address", "An address here is model, source and index.", PLACES))
