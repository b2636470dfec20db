"""What a person marks and says of features, over the API: bookmarks and comments."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from memicos_app.api.answers import Json, listing
from memicos_app.api.inputs import CURSOR_QUERY, MAX_INDEX, Body, FeatureAddress, Name, Part
from memicos_app.api.list_shapes import BookmarkAnswer, CommentAnswer, CommentsAnswer
from memicos_app.api.lists import address_json, comment_json
from memicos_app.api.problems import fields_renamed
from memicos_app.api.rights import needs
from memicos_app.library import bookmarks, comments
from memicos_app.library.accounts.rights import Right
from memicos_app.library.quick_lists import FeatureAddress as Address

router = APIRouter(tags=["bookmarks and comments"], dependencies=[needs(Right.WRITE)])
reading = APIRouter(tags=["bookmarks and comments"], dependencies=[needs(Right.READ)])
FIELDS = {"model_id": "modelId", "source_id": "layer"}


class Before(Part):
    """All of it is ours; `before` is an older word for `cursor`: the `createdAt` of the last one."""

    before: datetime | None = None


class NewComment(FeatureAddress):
    text: Annotated[str, Field(min_length=1, max_length=comments.LONGEST)]


class OneComment(Body):
    id: Name


@router.post("/bookmark/add", response_model=bool)
async def add(body: FeatureAddress) -> Json:
    """Keep a feature to find it again; whether it was not kept before."""
    with fields_renamed(FIELDS):
        return Json(await bookmarks.add(_address(body)))


@router.post("/bookmark/delete", response_model=bool)
async def remove(body: FeatureAddress) -> Json:
    """Let go of a feature; whether it was kept."""
    return Json(await bookmarks.remove(_address(body)))


@router.post("/user/bookmarks", response_model=list[BookmarkAnswer])
async def mine(body: Before | None = None) -> Json:
    """One's own bookmarks, the newest first, at most 300; `Next-Cursor` leads to those that follow."""
    asked = body or Before()
    found = await bookmarks.page_of_mine(
        cursor=asked.cursor, limit=asked.limit or bookmarks.PAGE, before=asked.before
    )
    kept = [{**address_json(one.address), "createdAt": one.created_at.isoformat()} for one in found.items]
    return listing(kept, found.cursor)


@router.post("/comment/new", response_model=CommentAnswer)
async def comment(body: NewComment) -> Json:
    """Say something of a feature."""
    with fields_renamed(FIELDS):
        made = await comments.on_feature(_address(body), body.text)
    return Json(comment_json(await comments.get(made)))


@reading.get("/comments/{model_id}/{source_id}/{index}", response_model=CommentsAnswer)
async def comments_of(
    model_id: str,
    source_id: str,
    index: Annotated[int, Path(ge=0, le=MAX_INDEX)],
    cursor: Annotated[str, CURSOR_QUERY] = "",
    limit: Annotated[int, Query(ge=1, le=comments.MOST)] = 50,
) -> Json:
    """What people say of a feature, the newest first."""
    with fields_renamed(FIELDS):
        found = await comments.page_of_feature(Address(model_id, source_id, index), cursor=cursor, limit=limit)
    return Json({"comments": list(map(comment_json, found.items)), "nextCursor": found.cursor})


@router.post("/comment/delete", response_model=bool)
async def delete_comment(body: OneComment) -> Json:
    """Remove a comment of one's own."""
    await comments.delete(body.id)
    return Json(True)


def _address(one: FeatureAddress) -> Address:
    return Address(one.model_id, one.source_id, one.index)
