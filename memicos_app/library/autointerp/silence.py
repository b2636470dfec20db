"""Whether a feature is silent in texts, measured by the worker: one in which it fires would spoil a score."""

from __future__ import annotations

from collections.abc import Sequence

from inference_worker.client import WorkerClient
from inference_worker.wire.activations import MAX_PROMPTS, ActivationSingleBatchRequest
from memicos_app.library.errors import BadInputError, LibraryError
from memicos_app.library.inference import inference, require_text
from memicos_app.library.token_text import readable
from memicos_app.library.visitor import visitor


async def silent(model_id: str, source_id: str, index: int, texts: Sequence[Sequence[str]]) -> list[bool] | None:
    """For each text, given by its tokens, whether the feature fires nowhere in it.

    A text that no model can read counts as one in which it fires.

    Returns:
        None where nobody can say: the worker is away, or does not serve the source.
    """
    answers = [False] * len(texts)
    asked = [(place, text) for place, tokens in enumerate(texts) if (text := _text(tokens))]
    try:
        with inference() as worker:
            patient = worker.asking(visitor(), interactive=False)
            for start in range(0, len(asked), MAX_PROMPTS):
                turn = asked[start : start + MAX_PROMPTS]
                found = await _maxima(patient, model_id, source_id, index, [text for _, text in turn])
                for (place, _), largest in zip(turn, found, strict=True):
                    answers[place] = largest <= 0
    except LibraryError:
        return None
    return answers


async def _maxima(worker: WorkerClient, model_id: str, source_id: str, index: int, texts: list[str]) -> list[float]:
    request = ActivationSingleBatchRequest(model=model_id, source=source_id, index=index, prompts=texts)
    answer = await worker.activation_batch(request)
    return [one.activation.max_value for one in answer.results]


def _text(tokens: Sequence[str]) -> str:
    """The tokens as a text, empty where no model can read it."""
    try:
        return require_text("".join(readable(tokens)))
    except BadInputError:
        return ""
