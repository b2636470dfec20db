"""Tools for assistants that speak the Model Context Protocol: search, read, test, steer with and explain features.

Each is a few lines over the library, done for whoever sent the request, with the rights of the API's routes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field
from starlette.requests import Request

from memicos_app.library import activations, explanation_details, explanation_search, features, steer_runs
from memicos_app.library.accounts import recognising, rights
from memicos_app.library.accounts.person import set_person
from memicos_app.library.accounts.rights import Right
from memicos_app.library.autointerp import explaining
from memicos_app.library.autointerp.material import FeatureName
from memicos_app.library.errors import LibraryError
from memicos_app.library.explanation_details import explanation_json
from memicos_app.library.explanation_search.asked import Scope
from memicos_app.library.providers import Ledger, chat_model
from memicos_app.library.steering import SteeredFeature, SteerRequest
from memicos_app.library.views import ActivationView
from memicos_app.library.visitor import set_visitor

INSTRUCTIONS = """Features of sparse autoencoders: what each does, how active it is on a text, and steering with it.
A feature is named by model_id, source_id (such as 15-res-4k) and index; `search` finds some."""
SHOWN = 5
"""Examples of a feature that are answered, and tokens of each of its logit lists."""
AROUND = 12
"""Tokens on each side of an example's strongest one."""
server = MCPServer("MemicOS", instructions=INSTRUCTIONS)
Name = Annotated[str, Field(min_length=1, max_length=200)]
Index = Annotated[int, Field(ge=0, le=2**31 - 1)]
Text = Annotated[str, Field(min_length=1, max_length=50_000)]


class Steered(BaseModel):
    """A feature, and how strongly it is added, in units of its activation."""

    source_id: Name
    index: Index
    strength: float


@asynccontextmanager
async def asking(ctx: Context, right: Right) -> AsyncIterator[None]:
    """What happens inside is done for whoever sent the request, if they may; failures become the tool's."""
    request = ctx.request_context.request
    assert isinstance(request, Request)
    try:
        set_person(await recognising.from_headers(request.headers))
        if request.client is not None:
            set_visitor(request.client.host)
        rights.require(right)
        yield
    except LibraryError as error:
        raise ToolError(told(error)) from error


def told(error: LibraryError) -> str:
    """A failure in words for an assistant: what to change, or how long to wait."""
    words = f"{error.message} ({error.field})" if error.field else error.message
    return f"{words} [{error.code}, retry after {max(1, round(error.retry_after))} s]" if error.retry_after else words


@server.tool()
async def search(
    ctx: Context, query: Name, model_id: str = "", limit: Annotated[int, Field(ge=1, le=50)] = 10
) -> dict[str, Any]:
    """Find features by what their explanations mean or say; in one model, or everywhere."""
    async with asking(ctx, Right.RUN):
        scope = Scope("model", model_id=model_id) if model_id else Scope("all")
        page = await explanation_search.search(query, scope=scope, limit=limit)
        return {
            "features": [
                {
                    "model_id": one.model_id,
                    "source_id": one.source_id,
                    "index": one.index,
                    "explanation": whole(one.explanations[0].description),
                    "density": one.density,
                    "max_activation": one.max_activation,
                }
                for one in page.results
            ]
        }


@server.tool()
async def feature(ctx: Context, model_id: Name, source_id: Name, index: Index) -> dict[str, Any]:
    """What is known of a feature: explanations, tokens it promotes and suppresses, texts it is most active on."""
    async with asking(ctx, Right.READ):
        found = await features.feature(model_id, source_id, index)
        return {
            "explanations": [whole(one.description) for one in found.explanations],
            "density": found.density,
            "max_activation": found.max_activation,
            "promotes": [whole(one) for one in found.positive_tokens[:SHOWN]],
            "suppresses": [whole(one) for one in found.negative_tokens[:SHOWN]],
            "examples": [_example(one) for one in found.activations[:SHOWN]],
        }


@server.tool()
async def activation(ctx: Context, model_id: Name, source_id: Name, index: Index, text: Text) -> dict[str, Any]:
    """How active a feature is on each token of a text."""
    async with asking(ctx, Right.RUN):
        found = await activations.test(model_id, source_id, index, text)
        return {"tokens": [whole(one) for one in found.tokens], "values": found.values, "max_value": found.max_value}


@server.tool()
async def steer(
    ctx: Context,
    model_id: Name,
    prompt: Annotated[str, Field(min_length=1, max_length=2048)],
    features: Annotated[list[Steered], Field(min_length=1, max_length=32)],
    n_tokens: Annotated[int, Field(ge=1, le=256)] = 48,
    seed: int = 16,
) -> dict[str, Any]:
    """What the model writes after a prompt, as it is and steered with features."""
    async with asking(ctx, Right.RUN):
        wanted = [SteeredFeature(model_id, one.source_id, one.index, one.strength) for one in features]
        run = await steer_runs.complete(SteerRequest(model_id, prompt, wanted, n_tokens=n_tokens, seed=seed))
        return {"default": whole(run.default.text), "steered": whole(run.steered.text)}


@server.tool()
async def explain(
    ctx: Context, model_id: Name, source_id: Name, index: Index, explainer: Name, language_model: Name
) -> dict[str, Any]:
    """Have a language model say what a feature means, by an explainer such as np_max-act; its words are kept."""
    async with asking(ctx, Right.MANAGE):
        made = await explaining.explain(
            FeatureName(model_id, source_id, index), explainer, chat_model(language_model), ledger=Ledger("explain")
        )
        return explanation_json(await explanation_details.explained(made.id))


def whole(text: str) -> str:
    """Text that the protocol can carry: half characters, which tokens may hold, become the sign for what is none."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _example(one: ActivationView) -> dict[str, Any]:
    """An example's text around its strongest token."""
    peak = one.max_value_token_index
    first = max(0, peak - AROUND)
    return {
        "text": whole("".join(one.tokens[first : peak + AROUND + 1])),
        "strongest_token": whole(one.tokens[peak]) if one.tokens else "",
        "value": one.max_value,
    }
