"""Every number of tests, searches, lenses and the rest at and beyond its limits: honoured, or refused by its name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from inference_worker.wire.contrast import MAX_A_SIDE
from inference_worker.wire.search import MAX_RESULTS
from tests.inference_worker import tiny
from tests.inference_worker.tiny import MODEL
from tests.knobs import HARD, changed

TEXT = "Hello wörld, twice!"
LAST = len(tiny.ids(TEXT)) - 1
SEARCH = {
    "model": MODEL,
    "source_set": "res",
    "sort_by_token_indexes": [1],
    "num_results": 3,
    "exclude": {"0-res": [3]},
}
TOPK = {"model": MODEL, "source": "1-res", "top_k": 3, "exclude": [3]}
VECTOR = [0.5] * tiny.D_MODEL
FEATURE = {"model": MODEL, "source": "1-res", "index": 7}
BODIES: dict[str, dict[str, Any]] = {
    "activation/single": {**FEATURE, "prompt": TEXT},
    "activation/single-batch": {**FEATURE, "prompts": [TEXT]},
    "activation/single of a vector": {"model": MODEL, "vector": VECTOR, "hook": "blocks.1.hook_resid_post"}
    | {"prompt": TEXT},
    "activation/single of tokens": {**FEATURE, "tokens": [5, 6]},
    "activation/all": {**SEARCH, "prompt": TEXT},
    "activation/all-batch": {**SEARCH, "prompts": [TEXT]},
    "activation/contrast": {
        "model": MODEL,
        "source_set": "res",
        "first": [TEXT],
        "second": ["of"],
        "num_results": 3,
        "exclude": {"0-res": [3]},
    },
    "activation/topk-by-token": {**TOPK, "prompt": TEXT},
    "activation/topk-by-token-batch": {**TOPK, "prompts": [TEXT]},
    "activation/raw": {"model": MODEL, "prompts": [TEXT], "layers": [1]},
    "activation/attention": {"model": MODEL, "prompt": TEXT, "layer": 1, "head": 1},
    "util/sae-vector": FEATURE,
    "util/sae-topk-by-decoder-cossim": {"model": MODEL, "source": "0-res", "feature": FEATURE, "num_results": 3},
    "util/sae-topk-by-decoder-cossim of a vector": {
        "model": MODEL,
        "source": "0-res",
        "vector": VECTOR,
        "num_results": 3,
    },
    "lens/prompt": {
        "model": MODEL,
        "prompt": TEXT,
        "top_n": 2,
        "layers": [1],
        "num_completion_tokens": 1,
        "temperature": 1,
        "seed": 1,
        "max_seq_len": 40,
        "cached_token_ids": [1],
        "stream": False,
    },
    "lens/prompt of tokens": {"model": MODEL, "input_token_ids": [5, 6], "top_n": 1, "stream": False},
}
ANY = (-float("inf"), float("inf"))
SEED = (-(2**63), 2**63 - 1)
LIMITS: dict[tuple[str, str], tuple[float, float]] = {
    ("activation/single", "index"): (0, 47),
    ("activation/single-batch", "index"): (0, 47),
    ("activation/single of a vector", "vector.3"): ANY,
    ("activation/single of tokens", "tokens.1"): (0, 256),
    **{(f"activation/{name}", "num_results"): (0, MAX_RESULTS) for name in ("all", "all-batch")},
    **{(f"activation/{name}", "sort_by_token_indexes.0"): (0, LAST) for name in ("all", "all-batch")},
    ("activation/all", "exclude.0-res.0"): (0, 39),
    ("activation/contrast", "num_results"): (0, MAX_A_SIDE),
    ("activation/contrast", "exclude.0-res.0"): (0, 39),
    **{(f"activation/{name}", "top_k"): (1, MAX_RESULTS) for name in ("topk-by-token", "topk-by-token-batch")},
    ("activation/topk-by-token", "exclude.0"): (0, 47),
    ("activation/raw", "layers.0"): (0, tiny.LAYERS - 1),
    ("activation/attention", "layer"): (0, tiny.LAYERS - 1),
    ("activation/attention", "head"): (0, tiny.HEADS - 1),
    ("util/sae-vector", "index"): (0, 47),
    ("util/sae-topk-by-decoder-cossim", "num_results"): (1, MAX_RESULTS),
    ("util/sae-topk-by-decoder-cossim", "feature.index"): (0, 47),
    ("util/sae-topk-by-decoder-cossim of a vector", "vector.3"): ANY,
    ("lens/prompt", "top_n"): (1, 100),
    ("lens/prompt", "layers.0"): (0, tiny.LAYERS - 1),
    ("lens/prompt", "num_completion_tokens"): (0, 16),
    ("lens/prompt", "temperature"): (0, 100),
    ("lens/prompt", "seed"): SEED,
    ("lens/prompt", "max_seq_len"): (LAST + 1, float("inf")),
    ("lens/prompt", "cached_token_ids.0"): (0, 2**31 - 1),
    ("lens/prompt of tokens", "input_token_ids.1"): (0, 256),
}
REAL = {"vector.3", "temperature"}
"""Knobs that are no whole numbers."""


async def judged(http: httpx.AsyncClient, case: tuple[str, str], value: float) -> None:
    """A right answer within the limits; beyond them a refusal that names the knob, or the list that it stands in."""
    route, knob = case
    least, most = LIMITS[case]
    content = changed(BODIES[route], knob, value)
    address, headers = f"/v1/{route.partition(' of ')[0]}", {"content-type": "application/json"}
    answer = await http.post(address, content=content, headers=headers)
    told = answer.json()
    if least <= value <= most and abs(value) < float("inf") and (knob in REAL or float(value).is_integer()):
        # A vector may be too long for 32 bits, or without length; both are said.
        assert answer.status_code == 200 or told["field"] == knob.partition(".")[0], (case, value, told)
        return
    assert 400 <= answer.status_code < 500, (case, value, told)
    assert knob == told["field"] or knob.startswith(f"{told['field']}."), (case, value, told)


@pytest.fixture
async def http(tiny_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with tiny.client(tiny_url) as made:
        yield made


@pytest.mark.parametrize("case", LIMITS, ids=str)
async def test_every_knob_at_its_limits_and_beyond(http: httpx.AsyncClient, case: tuple[str, str]) -> None:
    least, most = LIMITS[case]
    for value in (*HARD, least, most, least - 1, most + 1):
        await judged(http, case, value)


@hypothesis(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=st.sampled_from(sorted(LIMITS)), value=st.floats() | st.integers(-(2**65), 2**65))
async def test_no_number_is_a_fault(tiny_url: str, case: tuple[str, str], value: float) -> None:
    async with tiny.client(tiny_url) as http:
        await judged(http, case, value)
