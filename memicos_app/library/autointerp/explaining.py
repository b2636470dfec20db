"""A feature explained by a language model: asked, the answer checked, the explanation kept with all that it took."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from memicos_app.db.text import storable, storable_json
from memicos_app.library import rates
from memicos_app.library.autointerp.explainers import Explainer, explainer
from memicos_app.library.autointerp.material import FeatureName, material
from memicos_app.library.autointerp.parsing import explanation_in
from memicos_app.library.autointerp.prompts import Prompt, prompt
from memicos_app.library.embedders import soon
from memicos_app.library.errors import BadInputError, ConflictError
from memicos_app.library.explanations import CURRENT, refresh_labels
from memicos_app.library.feature_json import encode
from memicos_app.library.providers import Answer, ChatModel, Ledger, Message, ProviderError, ask
from memicos_app.library.providers.ledger import used
from memicos_app.library.query import row, rows_in, run_in, writing


@dataclass(frozen=True, slots=True)
class Explained:
    """An explanation that a model made."""

    feature: FeatureName
    description: str
    type_name: str
    model: ChatModel
    prompt_version: str
    answer: Answer
    id: str = ""
    """Of the explanation; empty as long as it is not kept."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a model will be asked about a feature."""

    feature: FeatureName
    explainer: Explainer
    prompt: Prompt
    messages: list[Message]


async def explain(
    feature: FeatureName,
    type_name: str,
    model: ChatModel,
    *,
    ledger: Ledger,
    replace: bool = False,
    seed: int | None = None,
) -> Explained:
    """Have a model explain a feature, keep the explanation, and make it known to search.

    Args:
        replace: put it in place of one that this explainer and model made here.

    Raises:
        NotFoundError, BadInputError: there is no such feature, explainer or prompt, or nothing to show of it.
        ConflictError: this explainer and model have explained it, and `replace` was not asked for.
        ProviderError: no answer that can be used came; nothing is kept.
        BudgetSpent: it could cost more than what is left.
    """
    await rates.take("explain")
    asked = await question(feature, type_name)
    if not replace and await is_explained(feature, type_name, model):
        raise _explained_already(feature, type_name, model)
    found = await answered(asked, model, ledger=ledger, seed=seed)
    kept = await keep(found, replace=replace, labels=True)
    soon.embed(feature.model_id, feature.source_id)
    return kept


async def question(feature: FeatureName, type_name: str) -> Question:
    """What would be asked. Raises as `explain`."""
    chosen = explainer(type_name)
    words = prompt(chosen.name)
    seen = await material(feature)
    try:
        return Question(feature, chosen, words, words.messages(chosen.values(seen, words.material)))
    except KeyError as missing:
        raise BadInputError(f"The prompt {words.name} lacks or asks for {missing}.", field="type") from None


async def answered(asked: Question, model: ChatModel, *, ledger: Ledger, seed: int | None = None) -> Explained:
    """Ask, and read the answer; an answer that cannot be used is written into the ledger as a failure.

    Raises:
        ProviderError: no answer came, or none that can be used.
    """
    answer = await ask(
        model,
        asked.messages,
        ledger=ledger,
        temperature=asked.prompt.temperature,
        max_tokens=asked.prompt.max_tokens,
        seed=seed,
        about=str(asked.feature),
    )
    return await read(asked.feature, asked.explainer, asked.prompt, model, answer, ledger=ledger)


async def read(
    feature: FeatureName, chosen: Explainer, words: Prompt, model: ChatModel, answer: Answer, *, ledger: Ledger
) -> Explained:
    """The explanation in an answer. Raises `ProviderError` where there is none; the ledger then says so."""
    try:
        description = explanation_in(answer.text, words, cut=answer.cut)
    except ProviderError as error:
        await ledger.unusable(answer.call_id, error)
        raise
    return Explained(feature, description, chosen.name, model, words.version, answer)


async def is_explained(feature: FeatureName, type_name: str, model: ChatModel) -> bool:
    """Whether readers see an explanation of a feature by this explainer and model."""
    found = await row(
        f"SELECT EXISTS ({_SAME}) AS known",
        model=feature.model_id,
        source=feature.source_id,
        index=feature.index,
        type=type_name,
        explainer=storable(model.name),
    )
    return bool(found and found["known"])


_SAME = f"""
    SELECT FROM explanations AS x JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id
    WHERE x.model_id = :model AND x.source_id = :source AND x.index = :index AND {CURRENT}
        AND x.type_name = :type AND x.explainer = :explainer
"""


async def keep(found: Explained, *, replace: bool = False, labels: bool = False) -> Explained:
    """Store an explanation, and in the same transaction that its answer was used.

    Args:
        replace: in place of one that this explainer and model made here; else where there is one already, that stays.
        labels: whether lists follow at once; else their label is the caller's to refresh.

    Raises:
        ConflictError: this explainer and model have explained it, and `replace` was not asked for.
    """
    made, place = secrets.token_hex(12), found.feature
    names = {"model": place.model_id, "source": place.source_id, "index": place.index}
    kind = {"type": found.type_name, "explainer": storable(found.model.name)}
    async with writing() as writer:
        await rows_in(writer, _LOCK, model=place.model_id, source=place.source_id)
        if replace:
            await run_in(writer, _DELETE, **names, **kind)
        elif await rows_in(writer, _SAME.replace("SELECT FROM", "SELECT 1 FROM"), **names, **kind):
            raise _explained_already(place, found.type_name, found.model)
        await _name_kind(writer, found)
        text = storable(found.description)
        await run_in(writer, _INSERT, id=made, text=text, extra=_extra(found), **names, **kind)
        await used(writer, found.answer.call_id)
        if labels:
            await refresh_labels(writer, place.model_id, place.source_id, indices=[place.index])
        await writer.commit()
    return Explained(place, found.description, found.type_name, found.model, found.prompt_version, found.answer, made)


_LOCK = "SELECT 1 FROM sources WHERE model_id = :model AND id = :source FOR UPDATE"
_DELETE = """
    DELETE FROM explanations
    WHERE model_id = :model AND source_id = :source AND index = :index AND generation_id IS NULL
        AND type_name = :type AND explainer = :explainer
"""
_INSERT = """
    INSERT INTO explanations (id, model_id, source_id, index, description, type_name, explainer, extra)
    VALUES (:id, :model, :source, :index, :text, :type, :explainer, CAST(:extra AS jsonb))
"""


async def _name_kind(writer: Any, found: Explained) -> None:
    """The explainer and the model under their names, where nothing is known of them yet."""
    chosen = explainer(found.type_name)
    await run_in(
        writer,
        """
        INSERT INTO explanation_types (name, display_name, description, is_attention, creator_name)
        VALUES (:name, :title, :description, :attention, 'MemicOS') ON CONFLICT DO NOTHING
        """,
        name=chosen.name,
        title=chosen.title,
        description=chosen.description,
        attention=chosen.attention,
    )
    await run_in(
        writer,
        """
        INSERT INTO explanation_models (name, display_name, creator_name) VALUES (:name, :name, :provider)
        ON CONFLICT DO NOTHING
        """,
        name=storable(found.model.name),
        provider=found.model.provider,
    )


def _extra(found: Explained) -> str:
    """What is kept beside an explanation, under names that go into exports as they are."""
    known = {
        "promptVersion": found.prompt_version,
        "provider": found.model.provider,
        "tokensIn": found.answer.tokens_in,
        "tokensOut": found.answer.tokens_out,
        "costUsd": found.answer.cost_usd,
    }
    return encode(storable_json({name: value for name, value in known.items() if value is not None})).decode()


def _explained_already(feature: FeatureName, type_name: str, model: ChatModel) -> ConflictError:
    return ConflictError(
        f"Feature {feature} has an explanation by {type_name} and {model.name} already; ask to replace it.",
        field="type",
    )
