"""Requests that schemathesis makes up from the description: none is a fault, and answers are as described."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis

from inference_worker.routes.examples import EXAMPLES
from inference_worker.server import create_app
from inference_worker.wire.base import CASING_HEADER, SECRET_HEADER
from inference_worker.wire.turns import TIMEOUT_HEADER
from tests.inference_worker import serving
from tests.made_up import CHECKS, cases, requests_a_route

SETTINGS = requests_a_route(5)
DESCRIPTION = create_app(serving.settings(), lambda _: serving.engine()).openapi()
ROUTES = [f"{method.upper()} {path}" for path, methods in DESCRIPTION["paths"].items() for method in methods]
schema = schemathesis.openapi.from_dict(DESCRIPTION)
ADDRESS = ("model", "modelId", "source", "sourceId", "sourceSet", "selectedSources", "feature", "features")
TEXTS = ("prompt", "text", "messages")
SHORT = ("nCompletionTokens", "numCompletionTokens")


def reaching(path: str, body: Any) -> Any:
    """The made-up body with an address that exists, so that what is behind the first check is reached, too."""
    if not isinstance(body, dict):
        return body
    example = EXAMPLES.get(path, {})
    real = {name: example[name] for name in (*ADDRESS, *TEXTS) if name in example and name in body}
    short = {name: 4 for name in SHORT if name in example and is_long(body.get(name, 5))}
    return {**body, **{name: value for name, value in real.items() if name in ADDRESS or not body[name]}, **short}


def is_long(number: Any) -> bool:
    return isinstance(number, int | float) and 5 <= number < 2**63


@pytest.mark.slow
@pytest.mark.parametrize("route", ROUTES)
def test_made_up_requests(route: str, worker_url: str) -> None:
    method, path = route.split()
    headers = {SECRET_HEADER: serving.SECRET}
    for case in cases(schema[path][method].as_strategy(), SETTINGS):
        for header in (CASING_HEADER, TIMEOUT_HEADER):  # answers are described in camelCase, and may be late
            (case.headers or {}).pop(header, None)
        case.call_and_validate(base_url=worker_url, headers=headers, checks=CHECKS, timeout=60)
        case.body = reaching(case.path, case.body)
        case.call_and_validate(base_url=worker_url, headers=headers, checks=CHECKS, timeout=60)
