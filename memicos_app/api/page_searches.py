"""The searches as their pages' addresses ask for them: the same parameters, answered as data."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from memicos_app.api.answers import Json
from memicos_app.api.contrast import contrast_json
from memicos_app.api.explanation_search import results_json
from memicos_app.api.inputs import CURSOR_QUERY, Body, Cursor
from memicos_app.api.page_shapes import ExplanationsPageAnswer
from memicos_app.api.rights import needs
from memicos_app.api.shapes import ContrastAnswer, SearchAnswer, TokensAnswer
from memicos_app.api.text_search import neurons, search_json, tokens_json
from memicos_app.components import explanations_found
from memicos_app.components.contrast_asked import ContrastAsked
from memicos_app.components.explanations_asked import ExplanationsAsked
from memicos_app.components.source_choice import middle, offered
from memicos_app.components.text_asked import DENSE, SearchAsked, TokensAsked
from memicos_app.library import contrast, inference_search
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import BadInputError
from memicos_app.library.feature_facts import with_dashboards
from memicos_app.settings import get_settings

router = APIRouter(tags=["pages"], dependencies=[needs(Right.RUN)])
FOUND, A_TOKEN, A_SIDE = 50, 10, 25
"""Features that are answered: of a text, at a token, of a side."""
Q = Annotated[str, Query(description="What to look for; what else may be given is in the address of the page.")]


class Onward(Body):
    """`nextCursor` of the answer before."""

    cursor: Cursor


@router.get("/search-explanations", response_model=ExplanationsPageAnswer)
async def explanations(request: Request, q: Q = "", cursor: Annotated[str, CURSOR_QUERY] = "") -> Json:
    """Features by what they mean, as the page of this name finds them."""
    return await _explanations(request, cursor)


@router.post("/search-explanations", response_model=ExplanationsPageAnswer)
async def explanations_on(request: Request, body: Onward, q: Q = "") -> Json:
    """The same with the cursor in the body: after hundreds of results it is too long for an address."""
    return await _explanations(request, body.cursor)


async def _explanations(request: Request, cursor: str) -> Json:
    asked = ExplanationsAsked.of(request.query_params)
    if not asked.is_asking:
        raise nothing("q")
    found = await explanations_found.search(asked, cursor or None)
    return Json({"results": await results_json(found.results), "note": found.note, "nextCursor": found.cursor})


@router.get("/search", response_model=SearchAnswer)
async def by_text(request: Request, q: Q = "") -> Json:
    """The strongest features of a text, as the page of this name finds them."""
    asked = SearchAsked.of(request.query_params)
    if not asked.text.strip():
        raise nothing("q")
    model_id = asked.model_id or default_model()
    set_name, source_ids = await chosen(model_id, asked.set_name, asked.source_ids)
    found = await inference_search.search(
        model_id,
        asked.text,
        set_name,
        source_ids=source_ids,
        sort_by=asked.sort_by,
        density=0.0 if asked.dense else DENSE,
        limit=FOUND,
    )
    return Json(search_json(found, await neurons(found)))


@router.get("/search-topk-by-token", response_model=TokensAnswer)
async def by_token(request: Request, text: Q = "") -> Json:
    """The strongest features of a source at each token of a text, as the page of this name finds them."""
    asked = TokensAsked.of(request.query_params)
    if not asked.text.strip():
        raise nothing("text")
    model_id = asked.model_id or default_model()
    source_id = asked.source_id
    if not source_id:
        served = await inference_search.served_sets(model_id)
        source_id = middle([one for each in served.values() for one in each], await with_dashboards(model_id))
    (found,) = await inference_search.top_by_token_each(
        model_id, source_id, [asked.text], density=asked.density, limit=A_TOKEN, ignore_bos=asked.ignore_bos
    )
    return Json(tokens_json(found, asked.ignore_bos))


@router.get("/search-contrast", response_model=ContrastAnswer)
async def by_contrast(request: Request, first: Q = "", second: Q = "") -> Json:
    """The features that tell two sets of texts apart, as the page of this name finds them."""
    asked = ContrastAsked.of(request.query_params)
    if not asked.is_complete:
        raise nothing("second" if asked.first else "first")
    model_id = asked.model_id or default_model()
    set_name, source_ids = await chosen(model_id, asked.set_name, asked.source_ids)
    found = await contrast.contrast(
        model_id,
        set_name,
        asked.first,
        asked.second,
        source_ids=source_ids,
        measure=asked.measure,
        density=0.0 if asked.dense else DENSE,
        limit=A_SIDE,
    )
    return Json(contrast_json(found))


def nothing(field: str) -> BadInputError:
    return BadInputError(f"There is nothing to look for: {field} says what.", field=field)


def default_model() -> str:
    """The model that the site's worker begins with."""
    return get_settings().model_id.rpartition("/")[2]


async def chosen(model_id: str, set_name: str, source_ids: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The set and the sources that pages search where an address leaves them open."""
    served = await inference_search.served_sets(model_id)
    name, ids, _ = offered(served, await with_dashboards(model_id), set_name, source_ids)
    return name, ids
