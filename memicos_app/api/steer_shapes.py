"""What answers of steering look like, for the description; see `shapes.py`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from memicos_app.api.shapes import Shape

Finish = Literal["length", "stop"] | None


class TopLogprobAnswer(Shape):
    token: str
    logprob: float


class LogprobAnswer(Shape):
    token: str
    logprob: float
    top_logprobs: list[TopLogprobAnswer]


class FinishReasons(Shape):
    steered: Finish = Field(alias="STEERED")
    default: Finish = Field(alias="DEFAULT")


class RunAnswer(Shape):
    """What all runs have."""

    id: str | None
    share_url: str | None
    limit: None
    prepend_bos: bool
    finish_reasons: FinishReasons


class SteerAnswer(RunAnswer):
    """Generated text, without the prompt."""

    steered: str = Field(alias="STEERED")
    default: str = Field(alias="DEFAULT")
    steered_log_probs: list[LogprobAnswer] | None
    default_log_probs: list[LogprobAnswer] | None


class TurnAnswer(Shape):
    role: str
    content: str


class SideAnswer(Shape):
    raw: str
    chat_template: list[TurnAnswer]
    chat_template_older: list[TurnAnswer] = Field(alias="chat_template")
    logprobs: list[LogprobAnswer] | None


class SteerChatAnswer(RunAnswer):
    """Conversations with the assistant's turn."""

    steered: SideAnswer = Field(alias="STEERED")
    default: SideAnswer = Field(alias="DEFAULT")
    settings: dict[str, Any]
    """Everything that was set, by the names of a request."""


class SteeredAnswer(Shape):
    model_id: str
    layer: str
    source: str
    index: int
    strength: float


class SteeredVectorAnswer(Shape):
    vector: list[float]
    strength: float
    hook: str
    label: str


class Loaded(Shape):
    """What was asked for of a run that was kept."""

    input_text: str
    output_text_includes_prompt: Literal[False]
    model_id: str
    features: list[SteeredAnswer]
    vectors: list[SteeredVectorAnswer]
    settings: dict[str, Any]
    created_at: str | None
    made_with: dict[str, Any]


class SteerLoadAnswer(SteerAnswer, Loaded):
    """A completion that was kept."""


class SteerChatLoadAnswer(SteerChatAnswer, Loaded):
    """A conversation that was kept."""

    settings: dict[str, Any]


class PromptPreset(Shape):
    name: str
    alias: str
    prompt: str


class FeaturePreset(Shape):
    name: str
    alias: str | None
    is_user_vector: bool
    example_steer_output_id: None
    steer_method: str | None
    features: list[SteeredAnswer]
    prompt: str | None
    settings: dict[str, Any]
    """What it sets, by the names of a request; also `stop` and `condition`."""


class SteerPresetsAnswer(Shape):
    model: str
    default_prompt: str
    prompt_presets: list[PromptPreset]
    feature_presets: list[FeaturePreset]
    default_selected_features: list[SteeredAnswer]
