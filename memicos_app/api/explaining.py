"""Language models asked over the API: to explain a feature, to judge an explanation; scores read and taken back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field

from memicos_app.api.answers import Json
from memicos_app.api.explanation_shapes import ExplanationAnswer, ScoreAnswer
from memicos_app.api.inputs import Body, FeatureAddress, Name
from memicos_app.api.problems import fields_renamed
from memicos_app.api.rights import needs
from memicos_app.api.shapes import MessageAnswer
from memicos_app.library import explanation_details, score_rows, scores
from memicos_app.library.accounts.rights import Right
from memicos_app.library.autointerp import explaining, sampling
from memicos_app.library.autointerp import score as scoring
from memicos_app.library.autointerp.material import FeatureName
from memicos_app.library.autointerp.scorers import scorer
from memicos_app.library.explanation_details import explanation_json
from memicos_app.library.providers import ChatModel, Ledger, chat_model
from memicos_app.library.scores import ScoreView

router = APIRouter(prefix="/explanation", tags=["explanations"], dependencies=[needs(Right.READ)])
ScoreId = Annotated[str, Path(alias="id", min_length=1, max_length=200, description="Id of a score.")]
LARGEST_SEED = 2**31 - 1
GENERATED = {
    "model_id": "modelId",
    "source_id": "layer",
    "type": "explanationType",
    "model": "explanationModelName",
}
SCORED = {
    "explanation_id": "explanationId",
    "scorer_type": "scorerType",
    "scorer_model": "scorerModel",
    "model": "scorerModel",
}


class Generate(FeatureAddress):
    """A feature, an explainer, and the model that is asked."""

    explanation_type: Name = Field(alias="explanationType")
    explanation_model: Name = Field(alias="explanationModelName")
    use_openrouter: bool = Field(False, alias="useOpenRouter")
    replace: bool = False


class Judge(Body):
    """An explanation, a scorer, and the model that judges where one is needed."""

    explanation_id: Name = Field(alias="explanationId")
    scorer_type: Name = Field(alias="scorerType")
    scorer_model: Name | None = Field(None, alias="scorerModel")
    n: Annotated[int, Field(ge=sampling.FEWEST, le=sampling.MOST)] | None = None
    seed: int = Field(0, ge=0, le=LARGEST_SEED)


@router.post("/generate", response_model=ExplanationAnswer, dependencies=[needs(Right.MANAGE)])
async def generate(body: Generate) -> Json:
    """Have a language model explain a feature; the explanation is kept."""
    with fields_renamed(GENERATED):
        feature = FeatureName(body.model_id, body.source_id, body.index)
        named = body.explanation_model
        model = ChatModel("openrouter", named) if body.use_openrouter else chat_model(named)
        found = await explaining.explain(
            feature, body.explanation_type, model, ledger=Ledger("explain"), replace=body.replace
        )
        kept = await explanation_details.explained(found.id)
    return Json({"explanation": explanation_json(kept)})


@router.post("/score", response_model=ScoreAnswer, dependencies=[needs(Right.MANAGE)])
async def score(body: Judge) -> Json:
    """Have an explanation judged; the score is kept beside earlier ones, with every text that was judged."""
    with fields_renamed(SCORED):
        by = scorer(body.scorer_type)
        model = chat_model(body.scorer_model) if body.scorer_model and by.asks else None
        made = await scoring.score(
            body.explanation_id, by.name, model, n=body.n, seed=body.seed, ledger=Ledger("score")
        )
        return await _score(made.id)


@router.get("/score/{id}", response_model=ScoreAnswer)
async def show_score(score_id: ScoreId) -> Json:
    """A score with every text that was judged."""
    with fields_renamed({"score_id": "id"}):
        return await _score(score_id)


@router.post("/score/{id}/delete", response_model=MessageAnswer, dependencies=[needs(Right.MANAGE)])
async def delete_score(score_id: ScoreId) -> Json:
    """Take a score back."""
    with fields_renamed({"score_id": "id"}):
        await scores.delete(score_id)
    return Json({"message": "Success"})


async def _score(score_id: str) -> Json:
    found = await scores.details(score_id)
    return Json({"score": score_json(found.score, score_rows.details(found.score.type_name, found.examples))})


def score_json(one: ScoreView, details: str) -> dict[str, Any]:
    """A score under its public names; `jsonDetails` is JSON as text, as clients expect it."""
    return {
        "id": one.id,
        "explanationId": one.explanation_id,
        "explanationScoreTypeName": one.type_name,
        "explanationScoreModelName": one.scorer,
        "value": one.value,
        "low": one.low,
        "high": one.high,
        "n": one.n,
        "nFailed": one.n_failed,
        "problem": one.problem or None,
        "seed": one.seed,
        "prompt": one.prompt or None,
        "tokensIn": one.tokens_in,
        "tokensOut": one.tokens_out,
        "costUsd": one.cost_usd,
        "jsonDetails": details,
        "initiatedByUserId": None,
        "createdAt": one.created_at.isoformat(),
    }
