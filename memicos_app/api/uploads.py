"""Uploads over the API: features a few at a time, batch files of SAEDashboard, texts that a vector is active on."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from pydantic import AliasChoices, Field, model_validator
from starlette.exceptions import HTTPException

from memicos_app.api.answers import Json
from memicos_app.api.inputs import Body, Index, Name
from memicos_app.api.problems import fields_renamed, is_json
from memicos_app.api.rights import needs
from memicos_app.api.shapes import MessageAnswer
from memicos_app.api.site import site_of
from memicos_app.api.work_shapes import FileUploadAnswer, UploadAnswer
from memicos_app.library import uploaded_explanations, uploaded_files, uploads, vector_features
from memicos_app.library.accounts.rights import Right
from memicos_app.library.datasets.layout import ActivationLine, FeatureLine
from memicos_app.library.embedders import soon
from memicos_app.library.errors import BadInputError
from memicos_app.library.uploaded_files import FileOutcome
from memicos_app.library.uploads import MOST_FEATURES, Explained, Outcome, Upload
from memicos_app.settings import get_settings

router = APIRouter(tags=["uploads"], dependencies=[needs(Right.READ)])
FIELDS = {"model_id": "modelId", "source_id": "source"}
FILE_ROUTE = "/upload/batch"
UNKNOWN_DENSITY = -1.0
MOST_LOGITS, MOST_ACTIVATIONS, LONGEST_ACTIVATION = 20, 512, 1024
BYTES = "application/octet-stream"
RAW_BODY = {"content": {BYTES: {"schema": {"type": "string", "format": "binary"}}}}
Number = Annotated[float, Field(ge=-3.4e38, le=3.4e38)]
Token = Annotated[str, Field(max_length=1000)]


class Logit(Body):
    token: Token
    value: Number


class UploadedExplanation(Body):
    """Method and model are kept by name; one that is not known here is added."""

    text: Annotated[str, Field(min_length=1, max_length=2000)]
    method_name: Name | None = Field(None, alias="methodName")
    model_name: Name | None = Field(None, alias="modelName")


class UploadedActivation(Body):
    """A text, with one value a token; the quantile says which part of the feature's range it is drawn from."""

    tokens: Annotated[list[Token], Field(min_length=1, max_length=LONGEST_ACTIVATION)]
    values: Annotated[list[Number], Field(min_length=1, max_length=LONGEST_ACTIVATION)]
    quantile_min: Number | None = Field(None, alias="quantileMin")
    quantile_max: Number | None = Field(None, alias="quantileMax")
    quantile_fraction: float | None = Field(None, alias="quantileFraction", ge=0, le=1)

    @model_validator(mode="after")
    def _as_many(self) -> UploadedActivation:
        if len(self.tokens) != len(self.values):
            raise ValueError(f"has {len(self.tokens)} tokens and {len(self.values)} values")
        return self


class UploadedFeature(Body):
    index: Annotated[Index, Field(le=10_000_000)]
    density: float | None = Field(None, ge=0, le=1)
    top_logits: Annotated[list[Logit], Field(max_length=MOST_LOGITS)] = Field([], alias="topLogits")
    bottom_logits: Annotated[list[Logit], Field(max_length=MOST_LOGITS)] = Field([], alias="bottomLogits")
    explanations: Annotated[list[UploadedExplanation], Field(max_length=50)] = []
    activations: Annotated[list[UploadedActivation], Field(min_length=1, max_length=MOST_ACTIVATIONS)]


class FeatureBatch(Body):
    """`replace` is ours: features that are there already are replaced and not left as they are."""

    model_id: Name = Field(alias="modelId")
    source: Name
    features: Annotated[list[UploadedFeature], Field(min_length=1, max_length=MOST_FEATURES)]
    replace: bool = False


class ActivationBatch(Body):
    """The texts take the place of those that were uploaded before."""

    model_id: Name = Field(alias="modelId")
    source: Name = Field(validation_alias=AliasChoices("source", "layer"))
    index: Index
    activations: Annotated[list[UploadedActivation], Field(min_length=1, max_length=MOST_ACTIVATIONS)]


@router.post("/feature/upload-batch", response_model=UploadAnswer, dependencies=[needs(Right.WRITE)])
async def feature_batch(body: FeatureBatch, request: Request) -> Json:
    """Put up to 128 features into a source, all or none; those there already are left, dead ones left out."""
    model_id, source_id = body.model_id.lower(), body.source.lower()
    features = [upload_of(model_id, source_id, one) for one in body.features]
    with fields_renamed(FIELDS):
        outcome = await uploads.upload(model_id, source_id, features, replace=body.replace)
    if any(one.explanations for one in body.features):
        soon.embed(model_id, source_id)
    return Json(outcome_json(outcome, site_of(request)))


@router.post("/activation/upload-batch", response_model=MessageAnswer, dependencies=[needs(Right.WRITE)])
async def activation_batch(body: ActivationBatch) -> Json:
    """Keep texts that a vector of one's own is active on, in place of those kept before."""
    lines = [activation_line(body.model_id, body.source, body.index, one) for one in body.activations]
    with fields_renamed(FIELDS):
        count = await vector_features.keep_examples(body.model_id, body.source, body.index, lines)
    return Json({"message": f"{count} activations kept."})


@router.post(
    FILE_ROUTE,
    response_model=FileUploadAnswer,
    dependencies=[needs(Right.WRITE)],
    openapi_extra={"requestBody": RAW_BODY},
)
async def batch_file(
    request: Request,
    name: Annotated[str, Query(max_length=255, description="The file's name, for messages.")] = "batch.json",
    replace: Annotated[bool, Query(description="Replace features that are there already.")] = False,
    model_id: Annotated[str, Query(alias="modelId", description="The model that the file must be of.")] = "",
    source: Annotated[str, Query(description="The source that the file must be of.")] = "",
) -> Json:
    """Put the features of a batch file, sent as it is, into the source it names; none is read twice."""
    kind = request.headers.get("content-type", "")
    if kind and not is_json(kind) and kind != BYTES:
        raise HTTPException(415)
    if bool(model_id) != bool(source):
        raise BadInputError("modelId and source go together.", field="source" if model_id else "modelId")
    expected = (model_id, source) if model_id else None
    async with received(request) as path:
        done = await uploaded_files.upload_file(path, name=name, replace=replace, expected=expected)
    if not done.known:
        await uploaded_explanations.settle_later(done.model_id, done.source_id)
    return Json(file_json(done, site_of(request)))


@asynccontextmanager
async def received(request: Request) -> AsyncIterator[Path]:
    """The body of a request on disk, for the block; never in memory as a whole."""
    folder = get_settings().uploads_dir
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=".json", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            async for piece in request.stream():
                file.write(piece)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def upload_of(model_id: str, source_id: str, one: UploadedFeature) -> Upload:
    line = FeatureLine(
        model_id=model_id,
        layer=source_id,
        index=one.index,
        frac_nonzero=UNKNOWN_DENSITY if one.density is None else one.density,
        pos_str=[each.token for each in one.top_logits],
        pos_values=[each.value for each in one.top_logits],
        neg_str=[each.token for each in one.bottom_logits],
        neg_values=[each.value for each in one.bottom_logits],
    )
    activations = [activation_line(model_id, source_id, one.index, each) for each in one.activations]
    said = [Explained(each.text, each.method_name, each.model_name) for each in one.explanations]
    return Upload(line, activations, said)


def activation_line(model_id: str, source_id: str, index: int, one: UploadedActivation) -> ActivationLine:
    return ActivationLine(
        model_id=model_id,
        layer=source_id,
        index=index,
        tokens=one.tokens,
        values=one.values,
        bin_min=one.quantile_min,
        bin_max=one.quantile_max,
        bin_contains=one.quantile_fraction,
        data_source="upload",
    )


def outcome_json(outcome: Outcome, site: str) -> dict[str, Any]:
    parts = (
        f"{len(outcome.created)} features created",
        f"{len(outcome.replaced)} replaced" if outcome.replaced else "",
        f"{len(outcome.skipped)} were there already" if outcome.skipped else "",
        f"{len(outcome.dead)} are dead" if outcome.dead else "",
    )
    return {
        "message": f"{', '.join(filter(None, parts))}.",
        "created": outcome.created,
        "replaced": outcome.replaced,
        "skipped": outcome.skipped,
        "dead": outcome.dead,
        "problems": outcome.problems,
        "url": source_url(outcome.model_id, outcome.source_id, site),
    }


def file_json(done: FileOutcome, site: str) -> dict[str, Any]:
    """Of a file that was read, what became of its features; of one that was known, that it was."""
    body: dict[str, Any] = {
        "message": "The file is here already.",
        "dead": list(done.dead),
        "url": source_url(done.model_id, done.source_id, site),
    }
    if done.outcome is not None:
        body = outcome_json(done.outcome, site)
    return {
        "name": done.name,
        "sha256": done.sha256,
        "modelId": done.model_id,
        "source": done.source_id,
        "known": done.known,
        "nFeatures": done.n_features,
        **body,
    }


def source_url(model_id: str, source_id: str, site: str) -> str:
    return f"{site}/{quote(model_id, safe='')}/{quote(source_id, safe='')}"
