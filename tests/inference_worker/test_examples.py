"""The requests that the description shows are answered by the worker as it stands."""

from __future__ import annotations

import httpx
import pytest

from inference_worker.routes.examples import EXAMPLES
from inference_worker.server import create_app
from inference_worker.wire.base import SECRET_HEADER
from tests.inference_worker import serving

SERVED = create_app(serving.settings(), lambda _: serving.engine()).openapi()["paths"]

REFUSED = {"/v1/util/similarity-matrix-pred": 422}
"""The demo has no SAE of the kind that this route asks about."""


@pytest.mark.parametrize("path", sorted(EXAMPLES))
def test_each_example_is_answered(worker_url: str, path: str) -> None:
    if path not in SERVED:
        pytest.skip(f"the worker does not serve {path} yet")
    headers = {SECRET_HEADER: serving.SECRET}
    answer = httpx.post(f"{worker_url}{path}", json=EXAMPLES[path], headers=headers, timeout=60, trust_env=False)
    assert answer.status_code == REFUSED.get(path, 200), answer.text
    assert len(answer.content) > 20
