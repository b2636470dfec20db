"""Ways to bring in what is not here: a model, SAEs, features; for those who may."""

from __future__ import annotations

from urllib.parse import urlencode

import reflex as rx


def upload_address(model_id: str, source_id: str) -> str:
    """The page to drop files on, for files of this source."""
    return f"/upload?{urlencode({'model': model_id, 'source': source_id})}"


def adding_links() -> rx.Component:
    """Small links for the end of a card's head line."""
    places = (("+ Add new model", "/model/new"), ("+ Add new SAEs", "/sae/new"), ("Upload", "/upload"))
    return rx.el.span(
        *(rx.el.a(words, href=href, class_name="btn small quiet") for words, href in places),
        class_name="row wrap adding-links",
    )
