"""Steering over the API: a whole answer or a stream of growing ones, and runs that were kept."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request
from pydantic import AliasChoices, Field
from starlette.responses import Response

from memicos_app.api.answers import Json, frame, stream
from memicos_app.api.inputs import Body, FeatureAddress, Name, Text
from memicos_app.api.problems import fields_renamed, told
from memicos_app.api.site import site_of
from memicos_app.library import saved_runs, steering
from memicos_app.library.steering import SteeredFeature, SteerRequest, SteerResult, SteerText

router = APIRouter(tags=["steering"])
logger = logging.getLogger(__name__)
FIELDS = {"model_id": "modelId", "source_id": "layer", "id": "steerOutputId"}
LOGPROBS = 5


class Steered(FeatureAddress):
    """A feature and how strongly it is added."""

    strength: float


class Steer(Body):
    """Names and defaults of the reference; limits are the library's."""

    prompt: Text
    model_id: Name = Field(alias="modelId")
    features: list[Steered]
    temperature: float = 0.5
    n_tokens: int = 48
    freq_penalty: float = 1.0
    seed: int = 16
    strength_multiplier: float = 1.0
    steer_method: str = "SIMPLE_ADDITIVE"
    stream: bool = False


class SteerLoad(Body):
    """A run that was kept."""

    run_id: Name = Field(validation_alias=AliasChoices("steerOutputId", "id"))


@router.post("/steer")
async def steer(body: Steer, request: Request) -> Response:
    """Unsteered and steered text side by side; with `stream`, server-sent events with the texts so far."""
    asked = request_of(body)
    site = site_of(request)
    with fields_renamed(FIELDS):
        if not body.stream:
            return Json(await kept(asked, await steering.complete(asked), site))
        results = steering.stream(asked)
        first = await anext(results)
    return stream(frames(asked, first, results, site))


@router.post("/steer-load")
async def steer_load(body: SteerLoad, request: Request) -> Json:
    """A run as it was kept, with what was asked for."""
    with fields_renamed(FIELDS):
        run = await saved_runs.load_run(body.run_id)
    asked = run.request
    return Json(
        {
            **steer_json(run.result, run.id, site_of(request)),
            "inputText": asked.prompt,
            "outputTextIncludesPrompt": False,
            "modelId": asked.model_id,
            "features": [feature_json(one) for one in asked.features],
            "settings": settings_json(asked),
            "createdAt": run.created_at.isoformat(),
            "madeWith": run.made_with,
        }
    )


async def frames(
    asked: SteerRequest, first: SteerResult, results: AsyncGenerator[SteerResult, None], site: str
) -> AsyncIterator[bytes]:
    """Events of a run: `data` with the texts so far, then `done` or `error`. Closing this stops the run."""
    async with aclosing(results):
        try:
            last = first
            yield frame(steer_json(first, None, site))
            async for last in results:
                if not last.done:
                    yield frame(steer_json(last, None, site))
            whole = await kept(asked, last, site)
            yield frame(whole)
            yield frame(whole, "done")
        except Exception as error:
            logger.warning("a steering stream ended early: %s", error)
            yield frame(told(error, FIELDS), "error")


async def kept(asked: SteerRequest, result: SteerResult, site: str) -> dict[str, Any]:
    """The whole answer, saved so that it can be shared."""
    return steer_json(result, await saved_runs.save_run(asked, result), site)


def request_of(body: Steer) -> SteerRequest:
    return SteerRequest(
        model_id=body.model_id,
        prompt=body.prompt,
        features=[SteeredFeature(one.model_id, one.source_id, one.index, one.strength) for one in body.features],
        temperature=body.temperature,
        n_tokens=body.n_tokens,
        freq_penalty=body.freq_penalty,
        seed=body.seed,
        strength_multiplier=body.strength_multiplier,
        steer_method=body.steer_method,
        n_logprobs=LOGPROBS,
    )


def steer_json(result: SteerResult, run_id: str | None, site: str) -> dict[str, Any]:
    """One answer, whole or so far; `id` and `shareUrl` come with the whole one."""
    return {
        "STEERED": result.steered.text,
        "DEFAULT": result.default.text,
        "steeredLogProbs": logprobs_json(result.steered),
        "defaultLogProbs": logprobs_json(result.default),
        "id": run_id,
        "shareUrl": f"{site}/steer/{run_id}" if run_id else None,
        "limit": None,
        "prependBos": result.prepend_bos,
    }


def logprobs_json(text: SteerText) -> list[dict[str, Any]] | None:
    if text.logprobs is None:
        return None
    return [
        {"token": one["token"], "logprob": one["logprob"], "topLogprobs": one["top_logprobs"]}
        for one in text.logprobs
    ]


def feature_json(one: SteeredFeature) -> dict[str, Any]:
    return {
        "modelId": one.model_id,
        "layer": one.source_id,
        "source": one.source_id,
        "index": one.index,
        "strength": one.strength,
    }


def settings_json(asked: SteerRequest) -> dict[str, Any]:
    return {
        "temperature": asked.temperature,
        "n_tokens": asked.n_tokens,
        "freq_penalty": asked.freq_penalty,
        "seed": asked.seed,
        "strength_multiplier": asked.strength_multiplier,
        "steer_method": asked.steer_method,
    }
