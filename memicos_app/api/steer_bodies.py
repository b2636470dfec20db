"""What steering requests hold. Names and defaults are the reference's; limits are the library's."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field

from memicos_app.api.inputs import Body, FeatureAddress, Index, Name, Text
from memicos_app.library.errors import BadInputError
from memicos_app.library.side_by_side import Wish
from memicos_app.library.steered_parts import sorted_out
from memicos_app.library.steering import ChatTurn, SteerCondition, SteeredFeature, SteeredVector, SteerRequest

FIELDS = {"model_id": "modelId", "source_id": "layer", "id": "steerOutputId"}
CHAT_FIELDS = {**FIELDS, "chat": "steeredChatMessages"}
ROLES = {"model": "assistant", "developer": "system"}
"""Names that some models have for a role."""
LOGPROBS = 5


class Steered(FeatureAddress):
    """A feature, or a vector that was kept, and how strongly it is added."""

    strength: float


class Vector(Body):
    """A direction given as numbers."""

    vector: list[float]
    strength: float
    hook: Name


class Condition(Body):
    """Steer only at tokens where this feature is more active than `threshold`."""

    source_id: Name = Field(validation_alias=AliasChoices("layer", "source"))
    index: Index
    threshold: float = 0.0


class Message(Body):
    """A turn of a conversation."""

    role: Literal["user", "assistant", "system", "model", "developer"]
    content: Text


class SteerOptions(Body):
    """What both kinds of request have in common."""

    model_id: Name = Field(alias="modelId")
    features: list[Steered] = []
    vectors: list[Vector] = []
    temperature: float = 0.5
    top_p: float = 1.0
    n_tokens: int = 48
    freq_penalty: float = 1.0
    stop: list[Text] = []
    seed: int = 16
    strength_multiplier: float = 1.0
    steer_method: str = "SIMPLE_ADDITIVE"
    normalize_steering: bool = False
    keep_error: bool = True
    positions: str = "all"
    steer_special_tokens: bool = False
    condition: Condition | None = None
    n_logprobs: Annotated[int, Field(ge=0, le=10)] = LOGPROBS
    stream: bool = False
    stream_format: Literal["cumulative", "delta"] = "cumulative"

    async def request(self, prompt: str, chat: list[ChatTurn]) -> SteerRequest:
        """The library's request. Raises `NotFoundError` for a vector that is not kept here."""
        parts = [SteeredFeature(one.model_id, one.source_id, one.index, one.strength) for one in self.features]
        features, kept = await sorted_out(parts)
        given = [SteeredVector(one.vector, one.strength, one.hook) for one in self.vectors]
        return SteerRequest(
            self.model_id,
            prompt,
            features,
            chat=chat,
            vectors=[*kept, *given],
            condition=SteerCondition(**self.condition.model_dump()) if self.condition else None,
            **{name: getattr(self, name) for name in PLAIN},
        )


PLAIN = (
    "temperature",
    "top_p",
    "n_tokens",
    "freq_penalty",
    "stop",
    "seed",
    "strength_multiplier",
    "steer_method",
    "normalize_steering",
    "keep_error",
    "positions",
    "steer_special_tokens",
    "n_logprobs",
)
"""Options that the library knows by the same names."""


class Steer(SteerOptions):
    """A text to go on with."""

    prompt: Text

    async def wish(self) -> Wish:
        """What is asked of both sides."""
        return Wish(await self.request(self.prompt, []))


class SteerChat(SteerOptions):
    """Two conversations, which may have parted: each ends with what the assistant is to answer."""

    default_chat: Annotated[list[Message], Field(min_length=1)] = Field(alias="defaultChatMessages")
    steered_chat: Annotated[list[Message], Field(min_length=1)] = Field(alias="steeredChatMessages")
    is_assistant_axis: bool = Field(False, alias="isAssistantAxis")

    async def wish(self) -> Wish:
        """What is asked of both sides. Raises `BadInputError` for what only the reference has."""
        if self.is_assistant_axis:
            raise BadInputError("The assistant axis is not offered here; leave it out.", field="isAssistantAxis")
        return Wish(await self.request("", turns(self.steered_chat)), turns(self.default_chat))


def turns(messages: list[Message]) -> list[ChatTurn]:
    return [ChatTurn(ROLES.get(one.role, one.role), one.content) for one in messages]


def plain(options: SteerRequest) -> dict[str, Any]:
    """Options of a request by their names in the API."""
    return {name: getattr(options, name) for name in PLAIN}
