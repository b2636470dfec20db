"""Every number of the site's requests at and beyond its limits: honoured, or refused by the name the request has."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from memicos_app.settings import get_settings
from tests.api import dataset
from tests.api.test_schemathesis import CHAT, FEATURE, REAL, TEXT
from tests.knobs import HARD, changed

STEER: dict[str, Any] = {
    "modelId": dataset.MODEL,
    "features": [{**FEATURE, "strength": 4}],
    "vectors": [{"vector": [0.5] * 576, "strength": 1, "hook": "blocks.15.hook_resid_post"}],
    "condition": {"source": dataset.SOURCE, "index": 3, "threshold": -1},
    "temperature": 0.5,
    "top_p": 1,
    "n_tokens": 1,
    "freq_penalty": 0,
    "seed": 1,
    "strength_multiplier": 1,
    "n_logprobs": 0,
}
BODIES: dict[str, dict[str, Any]] = {
    "/steer": {**STEER, "prompt": TEXT},
    "/steer-chat": {**STEER, "defaultChatMessages": CHAT, "steeredChatMessages": CHAT, "steer_special_tokens": True},
    "/activation/new": {"feature": FEATURE, "customText": TEXT},
    "/activation/get": FEATURE,
    "/search-all": {**REAL["/search-all"], "text": TEXT, "sortIndexes": [2], "numResults": 3, "densityThreshold": -1},
    "/search-contrast": {**REAL["/search-contrast"], "first": TEXT, "second": "of", "densityThreshold": -1}
    | {"numResults": 3},
    "/search-topk-by-token": {
        **REAL["/search-topk-by-token"],
        "text": TEXT,
        "numResults": 3,
        "densityThreshold": 0,
    },
    "/cossim": {**REAL["/cossim"], "numResults": 3},
    "/similar-features": {**REAL["/similar-features"], "numResults": 3},
    "/vector/new": {**REAL["/vector/new"], "vectorLabel": "x", "vectorDefaultSteerStrength": 1},
    "/vector/get": FEATURE,
}
LAST = 4095
STEERING: dict[str, tuple[float, float]] = {
    "features.0.index": (0, LAST),
    "features.0.strength": (-10_000, 10_000),
    "vectors.0.strength": (-10_000, 10_000),
    "condition.index": (0, LAST),
    "condition.threshold": (-1e9, 1e9),
    "temperature": (0, 2),
    "top_p": (0, 1),
    "n_tokens": (1, get_settings().max_completion_tokens),
    "freq_penalty": (-2, 2),
    "seed": (-100_000_000, 100_000_000),
    "strength_multiplier": (0, 10),
    "n_logprobs": (0, 10),
}
LIMITS: dict[tuple[str, str], tuple[float, float]] = {
    **{("/steer", knob): limits for knob, limits in STEERING.items()},
    ("/steer-chat", "temperature"): (0, 2),
    ("/steer-chat", "condition.index"): (0, LAST),
    ("/activation/new", "feature.index"): (0, LAST),
    ("/activation/get", "index"): (0, LAST),
    ("/search-all", "sortIndexes.0"): (0, 10),
    ("/search-all", "numResults"): (1, 100),
    ("/search-all", "densityThreshold"): (-1, 1),
    ("/search-contrast", "numResults"): (1, 100),
    ("/search-contrast", "densityThreshold"): (-1, 1),
    ("/search-topk-by-token", "numResults"): (1, 20),
    ("/search-topk-by-token", "densityThreshold"): (-1, 1),
    ("/cossim", "index"): (0, LAST),
    ("/cossim", "numResults"): (1, 100),
    ("/similar-features", "index"): (0, LAST),
    ("/similar-features", "numResults"): (1, 100),
    ("/vector/new", "layerNumber"): (0, 29),
    ("/vector/new", "vectorDefaultSteerStrength"): (-10_000, 10_000),
    ("/vector/get", "index"): (0, LAST),
}
REAL_NUMBERS = ("strength", "threshold", "temperature", "top_p", "freq_penalty", "multiplier", "density")
LONG = ("n_tokens",)
"""Knobs whose largest value takes long, and is tried elsewhere."""


async def judged(client: httpx.AsyncClient, case: tuple[str, str], value: float) -> None:
    """A right answer within the limits, and beyond them a refusal that names the knob."""
    path, knob = case
    least, most = LIMITS[case]
    if knob in LONG and 8 < value <= most:
        return
    headers = {"content-type": "application/json"}
    answer = await client.post(path, content=changed(BODIES[path], knob, value), headers=headers)
    told = answer.json()
    takes_fractions = any(word in knob.lower() for word in REAL_NUMBERS)
    if least <= value <= most and (takes_fractions or float(value).is_integer()):
        # What is not stored here, or drives the model out of its numbers, is said; so is an index with a point.
        pointed = isinstance(value, float) and knob.endswith("index")
        assert answer.status_code in (200, 404, 422) or pointed, (case, value, told)
        return
    assert 400 <= answer.status_code < 500, (case, value, told)
    named = told["field"].replace("condition.layer", "condition").replace("condition.source", "condition")
    assert named == knob or knob.startswith(f"{named}."), (case, value, told)


@pytest.mark.usefixtures("imported", "worker")
@pytest.mark.parametrize("case", LIMITS, ids=str)
async def test_every_knob_at_its_limits_and_beyond(client: httpx.AsyncClient, case: tuple[str, str]) -> None:
    least, most = LIMITS[case]
    for value in (*HARD, least, most, least - 1, most + 1):
        await judged(client, case, value)


@pytest.mark.usefixtures("imported", "worker")
@hypothesis(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=st.sampled_from(sorted(LIMITS)), value=st.floats() | st.integers(-(2**65), 2**65))
async def test_no_number_is_a_fault(client: httpx.AsyncClient, case: tuple[str, str], value: float) -> None:
    await judged(client, case, value)
