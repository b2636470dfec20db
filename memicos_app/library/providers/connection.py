"""A client of the `openai` package over the guarded way out; it never tries again by itself, `asking` does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from memicos_app.library.outbound import Patience, guarded
from memicos_app.library.providers.endpoints import Provider

if TYPE_CHECKING:
    from openai import AsyncOpenAI

PATIENCE = Patience(connect=10.0, silence=180.0, whole=300.0)
_NO_KEY = "none"


@asynccontextmanager
async def connect(each: Provider, key: str) -> AsyncIterator[AsyncOpenAI]:
    """A client of one provider, closed at the end; redirects are not followed, so that no key travels on."""
    from openai import AsyncOpenAI  # a second that nobody waits for who asks no model

    async with guarded(PATIENCE, each.allow) as http:
        # The package types its client as httpx's successor and takes both.
        client: Any = http
        yield AsyncOpenAI(api_key=key or _NO_KEY, base_url=each.base_url, http_client=client, max_retries=0)
