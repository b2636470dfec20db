"""Explanations over the API: one with all that is known of it, one's own words, votes.

Searching them is in `explanation_search.py`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from memicos_app.api.answers import Json
from memicos_app.api.explanation_shapes import ExplanationAnswer, VotesAnswer
from memicos_app.api.inputs import Body, FeatureAddress
from memicos_app.api.problems import fields_renamed
from memicos_app.api.rights import needs
from memicos_app.api.shapes import MessageAnswer
from memicos_app.library import explanation_details, own_explanations, votes
from memicos_app.library.accounts.rights import Right, require
from memicos_app.library.explanation_details import explanation_json

router = APIRouter(prefix="/explanation", tags=["explanations"], dependencies=[needs(Right.READ)])
FIELDS = {"model_id": "modelId", "source_id": "layer"}
Id = Annotated[str, Path(alias="id", min_length=1, max_length=200, description="Id of an explanation.")]
Words = Annotated[str, Field(min_length=1, max_length=4 * own_explanations.LONGEST)]


class NewExplanation(FeatureAddress):
    """What a feature means, in one's own words."""

    description: Words


class OtherWords(Body):
    """What is to stand in the place of one's own words."""

    description: Words


class Vote(Body):
    """For (1) or against (-1)."""

    points: int = 1


@router.post("/new", response_model=ExplanationAnswer, dependencies=[needs(Right.WRITE)])
async def new(body: NewExplanation) -> Json:
    """Keep one's own words for a feature; they stand before what programs say."""
    with fields_renamed(FIELDS):
        made = await own_explanations.write(body.model_id, body.source_id, body.index, body.description)
        return await _answer(made)


@router.post("/{id}/edit", response_model=ExplanationAnswer, dependencies=[needs(Right.WRITE)])
async def edit(explanation_id: Id, body: OtherWords) -> Json:
    """Put other words in the place of one's own; scores of the words before go."""
    await own_explanations.change(explanation_id, body.description)
    return await _answer(explanation_id)


@router.post("/{id}/delete", response_model=MessageAnswer, dependencies=[needs(Right.WRITE)])
async def delete(explanation_id: Id) -> Json:
    """Remove an explanation that was made here; one of a dataset stays with it."""
    await own_explanations.delete(explanation_id)
    return Json({"message": "Success"})


@router.post("/{id}/vote", response_model=VotesAnswer, dependencies=[needs(Right.WRITE)])
async def vote(explanation_id: Id, body: Vote) -> Json:
    """Vote on an explanation, once a person; among those of one kind, more votes stand in front."""
    return Json({"votes": await votes.vote(explanation_id, require(Right.WRITE).id or "", body.points)})


@router.post("/{id}/unvote", response_model=VotesAnswer, dependencies=[needs(Right.WRITE)])
async def unvote(explanation_id: Id) -> Json:
    """Take one's vote back."""
    return Json({"votes": await votes.withdraw(explanation_id, require(Right.WRITE).id or "")})


@router.get("/{id}", response_model=ExplanationAnswer)
async def show(explanation_id: Id) -> Json:
    """An explanation with its scores and votes."""
    return await _answer(explanation_id)


async def _answer(explanation_id: str) -> Json:
    return Json({"explanation": explanation_json(await explanation_details.explained(explanation_id))})
