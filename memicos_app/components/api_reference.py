"""The description of the API inside a page: every request told of, and sent from there."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.browser_files import browser_file


class ApiReference(rx.Component):
    """Draws a description in OpenAPI with the files of Swagger UI that the site itself has."""

    library = browser_file(__name__, "api_reference.jsx")
    tag = "ApiReference"

    files: rx.Var[str]
    """Where they are."""
    description: rx.Var[str]
    """Address of the description."""


api_reference = ApiReference.create
