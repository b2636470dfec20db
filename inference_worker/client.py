"""The worker's API from the other side: async calls with the wire's types, typed failures, no hidden retries."""

from __future__ import annotations

import copy
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from inference_worker.transport import (
    Pool,
    WorkerDown,
    WorkerError,
    answer_of,
    answers_of,
    error_of,
    json_of,
    patient,
    without_waiting,
)
from inference_worker.wire.activations import (
    ActivationSingleBatchRequest,
    ActivationSingleBatchResponse,
    ActivationSingleRequest,
    ActivationSingleResponse,
)
from inference_worker.wire.base import SECRET_HEADER, Wire
from inference_worker.wire.contrast import ContrastRequest, ContrastResponse
from inference_worker.wire.internals import (
    ActivationAttentionRequest,
    ActivationAttentionResponse,
    ActivationRawRequest,
    ActivationRawResponse,
)
from inference_worker.wire.lens import LensPromptRequest, LensPromptResponse
from inference_worker.wire.search import (
    ActivationAllBatchRequest,
    ActivationAllBatchResponse,
    ActivationAllRequest,
    ActivationAllResponse,
    ActivationSourceRequest,
    ActivationSourceResponse,
    ActivationTopkByTokenBatchRequest,
    ActivationTopkByTokenBatchResponse,
    ActivationTopkByTokenRequest,
    ActivationTopkByTokenResponse,
)
from inference_worker.wire.state import Capabilities, Health, Readiness
from inference_worker.wire.steering import (
    SteerChatRequest,
    SteerChatResponse,
    SteerCompletionRequest,
    SteerCompletionResponse,
    SteerOptions,
)
from inference_worker.wire.tokens import (
    ApplyChatTemplateRequest,
    ApplyChatTemplateResponse,
    TokenizeRequest,
    TokenizeResponse,
)
from inference_worker.wire.turns import BATCH, CLIENT_HEADER, INTERACTIVE, PRIORITY_HEADER, TIMEOUT_HEADER, Waiting
from inference_worker.wire.util import (
    CossimRequest,
    CossimResponse,
    DecoderMatchRequest,
    DecoderMatchResponse,
    FeatureVectorRequest,
    FeatureVectorResponse,
    SimilarityMatrixRequest,
    SimilarityMatrixResponse,
)

__all__ = ["WorkerClient", "WorkerDown", "WorkerError"]
W = TypeVar("W", bound=BaseModel)

_COMPLETION, _CHAT = "/v1/steer/completion", "/v1/steer/completion-chat"
_STATE, _ANSWER, _SILENCE = 5.0, 120.0, 30.0
"""Seconds to say how it is, to answer short work, and between two signs of life in a stream."""


class WorkerClient:
    """A worker at an address.

    Args:
        base_url: for example `http://127.0.0.1:5002`.
        secret: sent with every request.
    """

    def __init__(self, base_url: str, secret: str = "") -> None:
        self.base_url = base_url.rstrip("/")
        self._asking: dict[str, str] = {}
        self._check: Callable[[Wire], Awaitable[None]] | None = None
        self._pool = Pool(self.base_url, {SECRET_HEADER: secret} if secret else {})

    def asking(
        self, client: str | None = None, *, interactive: bool = True, timeout: float | None = None
    ) -> WorkerClient:
        """The same worker, asked for somebody: the line before it is fair between clients.

        Args:
            client: a name that tells people apart; None: this process as a whole.
            interactive: False for work whose outcome nobody watches.
            timeout: seconds after which the answer is of no use.
        """
        named = {CLIENT_HEADER: client, TIMEOUT_HEADER: None if timeout is None else str(timeout)}
        made = copy.copy(self)
        made._asking = {name: value for name, value in named.items() if value is not None}
        made._asking[PRIORITY_HEADER] = INTERACTIVE if interactive else BATCH
        return made

    def checking(self, check: Callable[[Wire], Awaitable[None]]) -> WorkerClient:
        """The same worker; each request is shown to `check` first, and where that raises, it is not sent."""
        made = copy.copy(self)
        made._check = check
        return made

    async def health(self) -> Health:
        """Whether the process answers."""
        return await self._get("/health", Health)

    async def ready(self) -> Readiness:
        """Whether inference can be asked for; a worker that is loading answers, too."""
        response = await self._send("GET", "/ready", None, _STATE)
        try:
            return Readiness.model_validate_json(response.content)
        except ValidationError:
            raise error_of(response) from None

    async def capabilities(self) -> Capabilities:
        """What is served, within which limits."""
        return await self._get("/v1/capabilities", Capabilities)

    async def tokenize(self, request: TokenizeRequest) -> TokenizeResponse:
        """Tokens of a text."""
        return await self._post("/v1/tokenize", request, TokenizeResponse)

    async def activation_single(self, request: ActivationSingleRequest) -> ActivationSingleResponse:
        """Activations of one feature on a text."""
        return await self._post("/v1/activation/single", request, ActivationSingleResponse)

    async def activation_batch(self, request: ActivationSingleBatchRequest) -> ActivationSingleBatchResponse:
        """Activations of one feature on several texts."""
        return await self._post("/v1/activation/single-batch", request, ActivationSingleBatchResponse)

    async def search(self, request: ActivationAllRequest) -> ActivationAllResponse:
        """The strongest features of a text over sources."""
        return await self._post("/v1/activation/all", request, ActivationAllResponse)

    async def search_batch(self, request: ActivationAllBatchRequest) -> ActivationAllBatchResponse:
        """The strongest features of each of several texts over sources."""
        return await self._post("/v1/activation/all-batch", request, ActivationAllBatchResponse)

    async def active_features(self, request: ActivationSourceRequest) -> ActivationSourceResponse:
        """Every feature of a source that is active on each of several texts."""
        return await self._post("/v1/activation/source", request, ActivationSourceResponse)

    async def contrast(self, request: ContrastRequest) -> ContrastResponse:
        """The features that tell two sets of texts apart."""
        return await self._post("/v1/activation/contrast", request, ContrastResponse)

    async def top_by_token(self, request: ActivationTopkByTokenRequest) -> ActivationTopkByTokenResponse:
        """The strongest features of a source at each token of a text."""
        return await self._post("/v1/activation/topk-by-token", request, ActivationTopkByTokenResponse)

    async def top_by_token_batch(
        self, request: ActivationTopkByTokenBatchRequest
    ) -> ActivationTopkByTokenBatchResponse:
        """The strongest features of a source at each token of several texts."""
        return await self._post("/v1/activation/topk-by-token-batch", request, ActivationTopkByTokenBatchResponse)

    async def raw(self, request: ActivationRawRequest) -> ActivationRawResponse:
        """The residual stream at the last token of each prompt."""
        return await self._post("/v1/activation/raw", request, ActivationRawResponse)

    async def attention(self, request: ActivationAttentionRequest) -> ActivationAttentionResponse:
        """One head's attention on a text."""
        return await self._post("/v1/activation/attention", request, ActivationAttentionResponse)

    async def vector(self, request: FeatureVectorRequest) -> FeatureVectorResponse:
        """The decoder direction of a feature, its encoder column, or both."""
        return await self._post("/v1/util/sae-vector", request, FeatureVectorResponse)

    async def similar(self, request: CossimRequest) -> CossimResponse:
        """The features of a source that are most alike to a feature or a vector."""
        return await self._post("/v1/util/sae-topk-by-decoder-cossim", request, CossimResponse)

    async def decoder_match(self, request: DecoderMatchRequest) -> DecoderMatchResponse:
        """The best match of each feature of two sources in the other."""
        return await self._post("/v1/util/sae-decoder-match", request, DecoderMatchResponse)

    async def similarity_matrix(self, request: SimilarityMatrixRequest) -> SimilarityMatrixResponse:
        """How alike a text's tokens are to a temporal SAE."""
        return await self._post("/v1/util/similarity-matrix-pred", request, SimilarityMatrixResponse)

    async def apply_chat_template(self, request: ApplyChatTemplateRequest) -> ApplyChatTemplateResponse:
        """A conversation as the model reads it, and which message each token belongs to."""
        return await self._post("/v1/apply-chat-template", request, ApplyChatTemplateResponse)

    async def lens(self, request: LensPromptRequest) -> LensPromptResponse:
        """What the model would say after each layer, answered once."""
        return await self._post("/v1/lens/prompt", request.model_copy(update={"stream": False}), LensPromptResponse)

    async def complete(self, request: SteerCompletionRequest) -> SteerCompletionResponse:
        """Generate and answer once, when all is there."""
        body = request.model_copy(update={"stream": False})
        return await self._post(_COMPLETION, body, SteerCompletionResponse)

    async def complete_chat(self, request: SteerChatRequest) -> SteerChatResponse:
        """Let the assistant answer a conversation, and answer once, when all is there."""
        body = request.model_copy(update={"stream": False})
        return await self._post(_CHAT, body, SteerChatResponse)

    def steer(self, request: SteerCompletionRequest) -> AsyncGenerator[SteerCompletionResponse, None]:
        """Generate; yields the answer so far, and last the complete one. Closing the iterator cancels.

        Raises:
            WorkerError: refused at once, or failed on the way.
            WorkerDown: not reachable, or gone before the end.
        """
        return without_waiting(self.watch(request))

    def watch(self, request: SteerCompletionRequest) -> AsyncGenerator[SteerCompletionResponse | Waiting, None]:
        """As `steer`, and while there is no text yet, the request's place in the line about every second."""
        return self._stream(_COMPLETION, request, SteerCompletionResponse)

    def steer_chat(self, request: SteerChatRequest) -> AsyncGenerator[SteerChatResponse, None]:
        """Let the assistant answer a conversation; as `steer`."""
        return without_waiting(self.watch_chat(request))

    def watch_chat(self, request: SteerChatRequest) -> AsyncGenerator[SteerChatResponse | Waiting, None]:
        """As `watch`, for a conversation."""
        return self._stream(_CHAT, request, SteerChatResponse)

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.close()

    async def _get(self, path: str, kind: type[W]) -> W:
        return answer_of(await self._send("GET", path, None, _STATE), kind)

    async def _post(self, path: str, request: Wire, kind: type[W]) -> W:
        return answer_of(await self._send("POST", path, request, _ANSWER), kind)

    async def _stream(self, path: str, request: SteerOptions, kind: type[W]) -> AsyncGenerator[W | Waiting, None]:
        await self._checked(request)
        form = "text" if request.stream_format == "text" else "cumulative"
        body = request.model_copy(update={"stream": True, "stream_format": form})
        try:
            async with self._pool.client().stream(
                "POST", path, content=json_of(body), headers=self._asking, timeout=patient(_SILENCE)
            ) as response:
                if response.status_code != 200:
                    await response.aread()
                    raise error_of(response)
                async with aclosing(answers_of(response, kind)) as answers:
                    async for answer in answers:
                        yield answer
        except httpx.TransportError as error:
            raise WorkerDown(str(error) or type(error).__name__) from error

    async def _checked(self, request: Wire | None) -> None:
        if self._check is not None and request is not None:
            await self._check(request)

    async def _send(self, method: str, path: str, request: Wire | None, patience: float) -> httpx.Response:
        await self._checked(request)
        content = None if request is None else json_of(request)
        try:
            return await self._pool.client().request(
                method, path, content=content, headers=self._asking, timeout=patient(patience)
            )
        except httpx.TransportError as error:
            raise WorkerDown(str(error) or type(error).__name__) from error
