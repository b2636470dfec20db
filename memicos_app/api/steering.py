"""Steering over the API: completions and conversations, whole or streamed, and runs that were kept."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import AliasChoices, Field
from starlette.responses import Response

from memicos_app.api.answers import Json, stream
from memicos_app.api.inputs import Body, Name
from memicos_app.api.problems import fields_renamed
from memicos_app.api.rights import needs
from memicos_app.api.shapes import STREAMED
from memicos_app.api.site import site_of
from memicos_app.api.steer_answers import chat_json, completion_json, feature_json, settings_json, vector_json
from memicos_app.api.steer_bodies import CHAT_FIELDS, FIELDS, Steer, SteerChat, SteerOptions
from memicos_app.api.steer_shapes import SteerAnswer, SteerChatAnswer, SteerChatLoadAnswer, SteerLoadAnswer
from memicos_app.api.steer_stream import Render, frames
from memicos_app.library import saved_runs, side_by_side
from memicos_app.library.accounts.rights import Right
from memicos_app.library.saved_runs import Kept
from memicos_app.library.side_by_side import Wish

router = APIRouter(tags=["steering"], dependencies=[needs(Right.READ)])


class SteerLoad(Body):
    """A run that was kept."""

    run_id: Name = Field(validation_alias=AliasChoices("steerOutputId", "id"))


@router.post("/steer", response_model=SteerAnswer, responses=STREAMED, dependencies=[needs(Right.RUN)])
async def steer(body: Steer, request: Request) -> Response:
    """Unsteered and steered text side by side; with `stream`, server-sent events with the texts so far."""
    with fields_renamed(FIELDS):
        return await answer(await body.wish(), body, request, completion_json, FIELDS)


@router.post("/steer-chat", response_model=SteerChatAnswer, responses=STREAMED, dependencies=[needs(Right.RUN)])
async def steer_chat(body: SteerChat, request: Request) -> Response:
    """The assistant's next turn in both conversations, unsteered in one and steered in the other."""
    with fields_renamed(CHAT_FIELDS):
        return await answer(await body.wish(), body, request, chat_json, CHAT_FIELDS)


@router.post("/steer-load", response_model=SteerLoadAnswer | SteerChatLoadAnswer)
async def steer_load(body: SteerLoad, request: Request) -> Json:
    """A run as it was kept, with what was asked for."""
    with fields_renamed(FIELDS):
        run = await saved_runs.load(body.run_id)
    asked = run.request
    texts = chat_json if asked.chat else completion_json
    return Json(
        {
            **texts(run, run.id, site_of(request)),
            "inputText": asked.prompt,
            "outputTextIncludesPrompt": False,
            "modelId": asked.model_id,
            "features": [feature_json(one) for one in asked.features],
            "vectors": [vector_json(one) for one in asked.vectors],
            "settings": settings_json(asked),
            "createdAt": run.created_at and run.created_at.isoformat(),
            "madeWith": run.made_with,
        }
    )


async def answer(
    wish: Wish, body: SteerOptions, request: Request, render: Render, fields: dict[str, str]
) -> Response:
    """The whole answer, kept; or its stream, begun here so that what is wrong is told by status."""
    site = site_of(request)
    if not body.stream:
        kept = Kept(wish.request, await side_by_side.complete(wish), wish.default_chat)
        return Json(await saved(kept, render, site))
    results = side_by_side.stream(wish, whole=body.stream_format == "delta")
    first = await anext(results)

    async def last(kept: Kept) -> dict[str, Any]:
        return await saved(kept, render, site)

    events = frames(wish, first, results, body.stream_format, render, last, fields)
    return stream(events)


async def saved(kept: Kept, render: Render, site: str) -> dict[str, Any]:
    """The whole answer, saved so that it can be shared."""
    return render(kept, await saved_runs.save(kept), site)
