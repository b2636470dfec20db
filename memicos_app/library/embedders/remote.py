"""Embedders behind an OpenAI-compatible endpoint: OpenAI's own, or one that settings name, on this machine too.

Asked through the guarded client like everything outside; only the host that settings name may be private.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np

from memicos_app.library import outbound
from memicos_app.library.embedders.interface import EmbedderError, Vectors
from memicos_app.library.errors import LibraryError
from memicos_app.settings import get_settings

OPENAI = "https://api.openai.com/v1"
LONGEST = 8000
"""Characters of a text that are sent: within every endpoint's limit of 8,191 tokens."""
_BATCH = 256
_MOST_ANSWERED = 64 << 20
_SOON = outbound.Patience(connect=3, silence=6, whole=8, tries=2, pause=0.3)
_PATIENT = outbound.Patience(silence=60, whole=120)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where vectors come from."""

    base_url: str
    key: str
    model: str
    dimensions: int
    named: bool
    """Whether settings name the address, which may then be private."""

    @property
    def url(self) -> str:
        return f"{self.base_url.rstrip('/')}/embeddings"


def configured() -> Endpoint | None:
    """The endpoint of the settings; None where there is neither an address nor a key."""
    settings = get_settings()
    base_url = settings.embeddings_base_url.strip()
    key = settings.embeddings_api_key.get_secret_value()
    if not base_url:
        key = key or settings.openai_api_key.get_secret_value()
        if not key:
            return None
    return Endpoint(
        base_url or OPENAI, key, settings.embeddings_model, settings.embeddings_dimensions, named=bool(base_url)
    )


class RemoteEmbedder:
    """An endpoint as an embedder."""

    turn = _BATCH

    def __init__(self, number: int, endpoint: Endpoint) -> None:
        self.id = number
        self.name = endpoint.model
        self.dimensions = endpoint.dimensions
        self._endpoint = endpoint

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """Vectors of length 1, `[len(texts), dimensions]`.

        Raises:
            EmbedderError: the endpoint cannot be reached, refuses, or answers something else.
        """
        allow = [httpx.URL(self._endpoint.base_url).netloc.decode()] if self._endpoint.named else []
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        async with outbound.client(_SOON if query else _PATIENT, allow) as client:
            for start in range(0, len(texts), _BATCH):
                batch = [text[:LONGEST] if text.strip() else "." for text in texts[start : start + _BATCH]]
                vectors[start : start + len(batch)] = await self._batch(client, batch)
        return vectors

    async def _batch(self, client: outbound.Outbound, texts: list[str]) -> Vectors:
        answer = await self._ask(client, {"input": texts, "dimensions": self.dimensions})
        if answer.status == 400 and b"imension" in answer.body:  # Models of one size refuse to be asked for it.
            answer = await self._ask(client, {"input": texts})
        if answer.status in (401, 403):
            raise EmbedderError("key", f"{self._host} does not take the key for {self.name}.")
        if answer.status != 200:
            said = " ".join(answer.body[:300].decode("utf-8", "replace").split())
            raise EmbedderError("refused", f"{self._host} answers {answer.status} for {self.name}: {said}")
        return self._read(answer.body, len(texts))

    async def _ask(self, client: outbound.Outbound, asked: dict[str, Any]) -> outbound.Answer:
        body = json.dumps({"model": self.name, "encoding_format": "float", **asked}).encode("ascii")
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._endpoint.key:
            headers["Authorization"] = f"Bearer {self._endpoint.key}"
        try:
            return await client.ask(
                self._endpoint.url, most=_MOST_ANSWERED, method="POST", headers=headers, content=body
            )
        except LibraryError as error:
            raise EmbedderError("unreachable", f"{self.name} does not answer: {error.message}") from error

    def _read(self, body: bytes, count: int) -> Vectors:
        try:
            found = sorted(json.loads(body)["data"], key=lambda one: int(one["index"]))
            vectors = np.asarray([one["embedding"] for one in found], np.float32)
        except (ValueError, KeyError, TypeError) as error:
            raise EmbedderError("bad_answer", f"{self._host} does not answer with embeddings.") from error
        if vectors.ndim != 2 or len(vectors) != count:
            raise EmbedderError("bad_answer", f"{self._host} answers {len(vectors)} embeddings for {count} texts.")
        if vectors.shape[1] != self.dimensions:
            raise EmbedderError(
                "bad_answer",
                f"{self.name} makes vectors of {vectors.shape[1]} dimensions: set EMBEDDINGS_DIMENSIONS to that.",
            )
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(vectors).all() or not lengths.all():
            raise EmbedderError("bad_answer", f"{self._host} answers vectors without a direction.")
        normalised: Vectors = vectors / lengths
        return normalised

    @property
    def _host(self) -> str:
        return httpx.URL(self._endpoint.base_url).host
