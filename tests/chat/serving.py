"""`python -m tests.chat.serving PORT`: the demo model behind an OpenAI-compatible API, and faults on demand.

Answers are the model's own (`SmolLM2-135M-Instruct`, greedy at temperature 0), with log-probabilities. `/control`
sets what the next requests meet instead, and lists what was asked.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from tests.chat.speaking import MODEL, Speaker

LONGEST = 64


class State:
    """What the server is told to do and what it has seen."""

    def __init__(self) -> None:
        self.faults: deque[dict[str, Any]] = deque()
        self.asked: list[dict[str, Any]] = []
        self.always: dict[str, Any] = {}
        self.key = ""
        self.busy = self.most_busy = 0


state = State()
speaker = Speaker()
turn = threading.Lock()


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    await asyncio.to_thread(speaker.load)
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/v1/models")
async def models() -> dict[str, Any]:
    return {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "tests"}]}


@app.post("/v1/chat/completions")
async def completions(request: Request) -> Response:
    """A completion, or the next fault."""
    body = await request.json()
    state.asked.append({"at": time.time(), "authorization": request.headers.get("authorization", ""), **body})
    if state.key and request.headers.get("authorization") != f"Bearer {state.key}":
        told = f"Incorrect API key provided: {request.headers.get('authorization', '')}."
        return failure(401, told, code="invalid_api_key")
    state.busy += 1
    state.most_busy = max(state.most_busy, state.busy)
    try:
        return await answer(body, state.faults.popleft() if state.faults else state.always)
    finally:
        state.busy -= 1


async def answer(body: dict[str, Any], fault: dict[str, Any]) -> Response:
    if fault.get("delay"):
        await asyncio.sleep(fault["delay"])
    if fault.get("cut"):
        return StreamingResponse(half(), headers={"Content-Length": "1000"}, media_type="application/json")
    if "raw" in fault:
        return Response(fault["raw"], media_type=fault.get("type", "application/json"))
    if "status" in fault:
        return failure(fault["status"], fault.get("message", "told to fail"), fault.get("headers"), fault.get("code"))
    if "say" in fault:
        return JSONResponse(completion(body, fault["say"], 10, 5, None, "stop"), headers=fault.get("headers"))
    return JSONResponse(await asyncio.to_thread(spoken, body))


async def half() -> AsyncIterator[bytes]:
    yield b'{"id": "chat'


def spoken(body: dict[str, Any]) -> dict[str, Any]:
    """What the model really says."""
    limit = min(body.get("max_tokens") or body.get("max_completion_tokens") or LONGEST, LONGEST)
    with turn:
        said = speaker.speak(
            body["messages"],
            limit=limit,
            temperature=float(body.get("temperature", 1.0)),
            seed=body.get("seed"),
            top=int(body.get("top_logprobs") or 0) if body.get("logprobs") else None,
        )
    return completion(body, said.text, said.tokens_in, said.tokens_out, said.logprobs, said.reason)


def completion(
    body: dict[str, Any], text: str, tokens_in: int, tokens_out: int, logprobs: Any, reason: str
) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{len(state.asked)}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body.get("model", MODEL),
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": reason,
                "logprobs": {"content": logprobs} if logprobs is not None else None,
            }
        ],
        "usage": {
            "prompt_tokens": tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": tokens_in + tokens_out,
        },
    }


def failure(
    status: int, message: str, headers: dict[str, str] | None = None, code: str | None = None
) -> JSONResponse:
    body = {"error": {"message": message, "type": "error", "code": code}}
    return JSONResponse(body, status_code=status, headers=headers)


@app.post("/control")
async def control(request: Request) -> dict[str, Any]:
    """Begin anew: `faults` for the next requests in turn, `always` for those after them, the `key` that is right."""
    told = await request.json()
    state.faults = deque(told.get("faults", []))
    state.always = told.get("always", {})
    state.key = told.get("key", "")
    state.asked.clear()
    state.most_busy = state.busy
    return {}


@app.get("/control")
async def seen() -> dict[str, Any]:
    """What was asked since, and how much of it at once."""
    return {"asked": state.asked, "most_busy": state.most_busy, "faults": len(state.faults)}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", timeout_graceful_shutdown=1)
