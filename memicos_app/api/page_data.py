"""What is on pages, where no other route answers it: models, people, ways of explaining, the log, lists in addresses.

`site/front.py` leads the address of a page with `.json` at its end here; searches are in `page_searches.py`.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request

from memicos_app.api.answers import Json
from memicos_app.api.catalog import model_json, set_json
from memicos_app.api.catalog_shapes import ModelAnswer, ModelWithSets
from memicos_app.api.feature_batches import neuron_json
from memicos_app.api.inputs import CURSOR_QUERY
from memicos_app.api.lists import address_json, list_json
from memicos_app.api.page_shapes import (
    ActivityAnswer,
    ExplanationTypeAnswer,
    ListsAnswer,
    PersonPageAnswer,
    QuickListAnswer,
    VectorLinesAnswer,
)
from memicos_app.api.rights import needs
from memicos_app.library import activity, catalog, cursors, explanation_details, profiles, quick_lists
from memicos_app.library.accounts import users
from memicos_app.library.accounts.rights import Right
from memicos_app.library.activity import Line
from memicos_app.library.explanation_details import explanation_json
from memicos_app.library.feature_cards import FeatureCard, feature_cards
from memicos_app.library.lists import reading
from memicos_app.library.profiles import VectorLine
from memicos_app.library.quick_lists import Entry

router = APIRouter(tags=["pages"], dependencies=[needs(Right.READ)])
PersonName = Annotated[str, Path(max_length=200, description="The person's name.")]
Cursor = Annotated[str, CURSOR_QUERY]
EXAMPLES = 3


@router.get("/models", response_model=list[ModelAnswer])
async def models() -> Json:
    """Every model, by id."""
    return Json([model_json(one) for one in await catalog.models()])


@router.get("/models/{model_id}", response_model=ModelWithSets)
async def model(model_id: str) -> Json:
    """A model with its source sets and their sources."""
    found = await catalog.model(model_id)
    return Json({**model_json(found), "sourceSets": list(map(set_json, await catalog.source_sets(found.id)))})


@router.get("/people/{name}", response_model=PersonPageAnswer)
async def one_person(name: PersonName) -> Json:
    """What a person says of themselves."""
    who = await users.user(name)
    return Json({"id": who.id, "name": who.name, "bio": who.bio, "createdAt": who.created_at.isoformat()})


@router.get("/people/{name}/lists", response_model=ListsAnswer)
async def lists_of(
    name: PersonName, request: Request, cursor: Cursor = "", limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Json:
    """A person's lists, the latest changed first: the public ones, and for themselves all."""
    who = await users.user(name)
    found = await reading.page_of_person(who.id, cursor=cursor, limit=limit)
    return Json({"lists": [list_json(one, request) for one in found.items], "nextCursor": found.cursor})


@router.get("/people/{name}/vectors", response_model=VectorLinesAnswer)
async def vectors_of(name: PersonName) -> Json:
    """A person's newest vectors without their numbers: the public ones, and for themselves all; at most 200."""
    who = await users.user(name)
    return Json({"vectors": [vector_json(one) for one in await profiles.vectors_of(who.id)]})


@router.get("/explanation-type/{name}", response_model=ExplanationTypeAnswer)
async def explanation_type(name: str) -> Json:
    """A way of explaining, and the newest explanations that were made so."""
    found = await explanation_details.explanation_type(name)
    return Json(
        {
            "name": found.name,
            "displayName": found.display_name,
            "description": found.description,
            "url": found.url,
            "creatorName": found.creator_name,
            "isAttention": found.is_attention,
            "count": found.count,
            "recent": [explanation_json(one) for one in found.recent],
        }
    )


@router.get("/quick-list", response_model=QuickListAnswer)
async def quick_list(
    features: Annotated[str, Query(max_length=100_000, description="As in the address of the page.")] = "",
    name: Annotated[str, Query(max_length=200)] = "",
) -> Json:
    """The features that an address names, each with a few examples."""
    entries = quick_lists.read(features)
    cards = await feature_cards([one.address for one in entries], examples=EXAMPLES)
    return Json({"name": name, "neurons": [quick_json(one, cards.get(one.address)) for one in entries]})


@router.get("/activity", response_model=ActivityAnswer, dependencies=[needs(Right.MANAGE)])
async def log(
    action: Annotated[str, Query(max_length=100, description="An action, or the noun that it begins with.")] = "",
    person: Annotated[str, Query(max_length=200, description="Whole name of a person.")] = "",
    subject: Annotated[str, Query(max_length=200, description="A part of what it was done to.")] = "",
    cursor: Cursor = "",
) -> Json:
    """Who changed what, the newest first; for administrators."""
    question = cursors.question_hash("activity", action, person, subject)
    (last,) = cursors.place(cursor, question, int)
    found = await activity.lines(action=action, name=person, subject=subject, before=last, limit=activity.PAGE + 1)
    page = cursors.page(found, activity.PAGE, question, lambda one: (one.id,))
    return Json({"lines": list(map(line_json, page.items)), "nextCursor": page.cursor})


def quick_json(one: Entry, card: FeatureCard | None) -> dict[str, Any]:
    return {
        **address_json(one.address),
        "description": one.description,
        "neuron": None if card is None else neuron_json(card),
    }


def vector_json(one: VectorLine) -> dict[str, Any]:
    return {
        **address_json(one.address),
        "vectorLabel": one.label,
        "hookName": one.hook_name,
        "visibility": one.visibility.upper(),
        "createdAt": one.created_at.isoformat(),
    }


def line_json(one: Line) -> dict[str, Any]:
    return {
        "id": one.id,
        "at": one.at.isoformat(),
        "person": one.person_name,
        "way": one.way,
        "action": one.action,
        "subject": one.subject,
        "details": one.details,
    }
