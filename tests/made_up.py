"""How schemathesis is run over a description: few requests, the same at every run, each answer as described."""

from __future__ import annotations

import hypothesis
import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def requests_a_route(number: int) -> hypothesis.settings:
    """Settings for so many made-up requests a route."""
    return hypothesis.settings(
        max_examples=number,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )


def cases(strategy: st.SearchStrategy[schemathesis.Case], settings: hypothesis.settings) -> list[schemathesis.Case]:
    """What is made up for a route."""
    made: list[schemathesis.Case] = []

    @settings
    @hypothesis.given(case=strategy)
    def collect(case: schemathesis.Case) -> None:
        made.append(case)

    collect()
    return made
