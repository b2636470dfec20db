"""A server that speaks OpenAI's embeddings on loopback, with real vectors: the packaged model behind HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from memicos_app.library.embedders.minilm import embed_now
from tests.inference_worker import serving

KEY = "sk-test"


@dataclass
class Manner:
    """How the server behaves, and what it was asked."""

    failures: int = 0
    """Requests that are answered 503 before it works."""
    refuses_dimensions: bool = False
    dimensions: int = 256
    nonsense: bool = False
    asked: list[int] = field(default_factory=list)
    """Texts of each request."""


def app(manner: Manner) -> FastAPI:
    """The server; vectors of fewer dimensions are the first of the model's, made of length 1."""
    server = FastAPI()

    @server.post("/v1/embeddings")
    async def embeddings(request: Request) -> JSONResponse:
        body: dict[str, Any] = await request.json()
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return JSONResponse({"error": {"message": "wrong key"}}, 401)
        if manner.failures:
            manner.failures -= 1
            return JSONResponse({"error": {"message": "busy"}}, 503)
        if manner.refuses_dimensions and "dimensions" in body:
            return JSONResponse({"error": {"message": "does not support dimensions"}}, 400)
        if body["model"] != "small":
            return JSONResponse({"error": {"message": "no such model"}}, 404)
        manner.asked.append(len(body["input"]))
        vectors = (await asyncio.to_thread(embed_now, body["input"]))[:, : manner.dimensions]
        data = [
            {"object": "embedding", "index": at, "embedding": (vector * np.float32(3)).tolist()}
            for at, vector in enumerate(vectors)
        ]
        return JSONResponse({"data": [] if manner.nonsense else data[::-1], "model": "small"})

    return server


@contextmanager
def served(manner: Manner) -> Iterator[str]:
    """The address of a running one, as EMBEDDINGS_BASE_URL takes it."""
    with serving.served(app(manner)) as url:
        yield f"{url}/v1"
