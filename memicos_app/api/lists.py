"""Lists of features that people keep, over the API: made, read in parts, changed, and talked about."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field

from memicos_app.api.answers import Json, listing
from memicos_app.api.feature_batches import neuron_json
from memicos_app.api.inputs import CURSOR_QUERY, Body, Cursor, FeatureAddress, Part
from memicos_app.api.list_shapes import (
    AddedFeature,
    CommentAnswer,
    CommentsAnswer,
    OwnListAnswer,
    WholeListAnswer,
)
from memicos_app.api.problems import fields_renamed
from memicos_app.api.rights import needs
from memicos_app.api.site import site_of
from memicos_app.library import comments
from memicos_app.library.accounts import rights
from memicos_app.library.accounts.rights import Right
from memicos_app.library.feature_cards import FeatureCard, feature_cards
from memicos_app.library.lists import keeping, reading
from memicos_app.library.lists.views import (
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
    LONGEST_NOTE,
    LONGEST_TEXT,
    EntryView,
    ListView,
)
from memicos_app.library.quick_lists import Entry
from memicos_app.library.quick_lists import FeatureAddress as Address
from memicos_app.library.visibility import Visibility

OWN = [needs(Right.WRITE)]
router = APIRouter(prefix="/list", tags=["lists"], dependencies=[needs(Right.READ)])
FIELDS = {"test_text": "defaultTestText", "list_id": "listId", "model_id": "modelId", "source_id": "layer"}
MOST_ADDED = 100
EXAMPLES = 3
Id = Annotated[str, Field(min_length=1, max_length=100)]
Title = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Description = Annotated[str, Field(max_length=LONGEST_DESCRIPTION)]
TestText = Annotated[str, Field(max_length=LONGEST_TEXT)]


class Listed(FeatureAddress):
    """A feature, and what it is in the list for."""

    description: Annotated[str, Field(max_length=LONGEST_NOTE)] = ""


class NewList(Body):
    """`visibility` is ours: public, unlisted (found by its address) or private."""

    name: Title
    description: Description = ""
    test_text: TestText = Field("", alias="testText", description="A text that all its features are run on.")
    visibility: Visibility = "public"


class NewListWithFeatures(NewList):
    features: Annotated[list[Listed], Field(max_length=MOST_ADDED)] = []


class OneList(Body):
    list_id: Id = Field(alias="listId")


class PartOfList(OneList):
    """`cursor` is ours, for a list of more than 300 features; `after` is older, and the answer's `next`."""

    cursor: Cursor | None = None
    after: int = Field(-1, ge=-1, le=2**31 - 2)


class AddFeatures(OneList):
    features: Annotated[list[Listed], Field(min_length=1, max_length=MOST_ADDED)] = Field(alias="featuresToAdd")


class Placed(FeatureAddress):
    """A feature of a list."""

    list_id: Id = Field(alias="listId")


class Described(Placed):
    description: Annotated[str, Field(max_length=LONGEST_NOTE)]


class ChangedList(OneList):
    """What is left out stays."""

    name: Title | None = None
    description: Description | None = None
    test_text: TestText | None = Field(None, alias="defaultTestText")
    visibility: Visibility | None = None


class NewListComment(OneList):
    text: Annotated[str, Field(min_length=1, max_length=comments.LONGEST)]


class OneListComment(Body):
    comment_id: Id = Field(alias="commentId")


@router.post("/new", response_model=OwnListAnswer, dependencies=OWN)
async def new(body: NewList, request: Request) -> Json:
    """Make a list of one's own."""
    with fields_renamed(FIELDS | {"test_text": "testText"}):
        made = await keeping.make(body.name, body.description, body.test_text, visibility=body.visibility)
    return Json(list_json(made, request))


@router.post("/new-with-features", response_model=OwnListAnswer, dependencies=OWN)
async def new_with_features(body: NewListWithFeatures, request: Request) -> Json:
    """Make a list of one's own with its first features."""
    features = [_entry(one) for one in body.features]
    with fields_renamed(FIELDS | {"test_text": "testText"}):
        made = await keeping.make(
            body.name, body.description, body.test_text, visibility=body.visibility, features=features
        )
    return Json(list_json(made, request))


@router.post("/get", response_model=WholeListAnswer)
async def get(body: PartOfList, request: Request) -> Json:
    """A list with up to 300 of its features, each with a few examples."""
    return await _part(body.list_id, body.cursor, body.after, request)


@router.get("/{list_id}", response_model=WholeListAnswer)
async def show(
    list_id: str,
    request: Request,
    cursor: Annotated[str, CURSOR_QUERY] = "",
    after: Annotated[int, Query(ge=-1, le=2**31 - 2)] = -1,
) -> Json:
    """The same as `/list/get`."""
    return await _part(list_id, cursor, after, request)


async def _part(list_id: str, cursor: str | None, after: int, request: Request) -> Json:
    with fields_renamed(FIELDS):
        found = await reading.get(list_id)
        part = await reading.entries(list_id, after=after, cursor=cursor)
    cards = await feature_cards([one.address for one in part.entries], examples=EXAMPLES)
    return Json(
        {
            **list_json(found, request),
            "neurons": [entry_json(one, cards.get(one.address)) for one in part.entries],
            "activations": [tested for one in part.entries if (tested := _tested(one)) is not None],
            "next": part.next,
            "nextCursor": part.cursor,
        }
    )


@router.post("/list", response_model=list[OwnListAnswer], dependencies=OWN)
async def list_owned(request: Request, body: Part | None = None) -> Json:
    """One's own lists, the latest changed first, up to 200 at once; `Next-Cursor` leads to those that follow."""
    asked = body or Part()
    found = await reading.page_of_person(
        rights.writer(), cursor=asked.cursor, limit=asked.limit or reading.MOST_LISTS
    )
    return listing([list_json(one, request) for one in found.items], found.cursor)


@router.get("/{list_id}/comments", response_model=CommentsAnswer)
async def comments_of(
    list_id: str, cursor: Annotated[str, CURSOR_QUERY] = "", limit: Annotated[int, Query(ge=1, le=comments.MOST)] = 50
) -> Json:
    """What people say of a list, the newest first."""
    with fields_renamed(FIELDS):
        found = await comments.page_of_list(list_id, cursor=cursor, limit=limit)
    return Json({"comments": list(map(comment_json, found.items)), "nextCursor": found.cursor})


@router.post("/add-features", response_model=list[AddedFeature], dependencies=OWN)
async def add_features(body: AddFeatures) -> Json:
    """Put features at the end of a list; the answer names those that were not in it."""
    with fields_renamed(FIELDS):
        added = await keeping.add(body.list_id, [_entry(one) for one in body.features])
    notes = {_address(one): one.description for one in body.features}
    return Json([{"listId": body.list_id, **address_json(one), "description": notes.get(one, "")} for one in added])


@router.post("/remove", response_model=bool, dependencies=OWN)
async def remove(body: Placed) -> Json:
    """Take a feature out of a list."""
    with fields_renamed(FIELDS):
        await keeping.remove(body.list_id, _address(body))
    return Json(True)


@router.post("/edit-feature", response_model=AddedFeature, dependencies=OWN)
async def edit_feature(body: Described) -> Json:
    """Say what a feature is in the list for."""
    with fields_renamed(FIELDS):
        await keeping.note(body.list_id, _address(body), body.description)
    return Json({"listId": body.list_id, **address_json(_address(body)), "description": body.description.strip()})


@router.post("/update", response_model=OwnListAnswer, dependencies=OWN)
async def update(body: ChangedList, request: Request) -> Json:
    """Give a list another name, description, test text or visibility."""
    with fields_renamed(FIELDS):
        changed = await keeping.update(
            body.list_id,
            name=body.name,
            description=body.description,
            test_text=body.test_text,
            visibility=body.visibility,
        )
    return Json(list_json(changed, request))


@router.post("/delete", response_model=bool, dependencies=OWN)
async def delete(body: OneList) -> Json:
    """Remove a list with its comments."""
    with fields_renamed(FIELDS):
        await keeping.delete(body.list_id)
    return Json(True)


@router.post("/comment/new", response_model=CommentAnswer, dependencies=OWN)
async def comment(body: NewListComment) -> Json:
    """Say something of a list."""
    with fields_renamed(FIELDS):
        made = await comments.on_list(body.list_id, body.text)
    return Json(comment_json(await comments.get(made)))


@router.post("/comment/delete", response_model=bool, dependencies=OWN)
async def delete_comment(body: OneListComment) -> Json:
    """Remove a comment of one's own on a list."""
    with fields_renamed({"id": "commentId"}):
        await comments.delete(body.comment_id)
    return Json(True)


def list_json(one: ListView, request: Request) -> dict[str, Any]:
    """A list without its features, under the reference's names."""
    return {
        "id": one.id,
        "name": one.name,
        "description": one.description,
        "defaultTestText": one.test_text or None,
        "visibility": one.visibility.upper(),
        "userId": one.creator_id,
        "user": {"id": one.creator_id, "name": one.creator_name},
        "createdAt": one.created_at.isoformat(),
        "updatedAt": one.updated_at.isoformat(),
        "nFeatures": one.n_entries,
        "url": f"{site_of(request)}/list/{one.id}",
    }


def entry_json(one: EntryView, card: FeatureCard | None) -> dict[str, Any]:
    """A feature of a list; `neuron` is null where it has no dashboard."""
    return {
        **address_json(one.address),
        "description": one.note,
        "addedAt": one.added_at.isoformat(),
        "neuron": None if card is None else neuron_json(card),
    }


def comment_json(one: comments.CommentView) -> dict[str, Any]:
    return {
        "id": one.id,
        "text": one.text,
        "listId": one.list_id,
        **(address_json(one.address) if one.address else {}),
        "user": {"id": one.author_id, "name": one.author_name},
        "createdAt": one.created_at.isoformat(),
    }


def address_json(one: Address) -> dict[str, str]:
    return {"modelId": one.model_id, "layer": one.source_id, "index": str(one.index)}


def _tested(one: EntryView) -> dict[str, Any] | None:
    tested = one.tested
    if tested is None:
        return None
    return {
        **address_json(one.address),
        "tokens": tested.tokens,
        "values": tested.values,
        "maxValue": tested.strongest,
        "problem": tested.problem or None,
    }


def _address(one: FeatureAddress) -> Address:
    return Address(one.model_id, one.source_id, one.index)


def _entry(one: Listed) -> Entry:
    return Entry(_address(one), one.description)
