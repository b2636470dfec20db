"""Steering a model with features: what may be asked, and what a run tells. Runs are made in `steer_runs.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, get_args

from inference_worker.wire import steering as wire
from memicos_app.library.errors import BadInputError
from memicos_app.library.inference import require_text
from memicos_app.settings import get_settings

LONGEST_PROMPT = 2048
LONGEST_CHAT = 8192
"""Characters of all turns together."""
MOST_TURNS = 64
MOST_FEATURES = 32
MOST_VECTORS = 32
LONGEST_VECTOR = 65_536
MOST_SWEPT = 8
MOST_STOPS = 8
LONGEST_STOP = 200
STRONGEST = 10_000.0
METHODS: tuple[wire.SteerMethod, ...] = get_args(wire.SteerMethod)
POSITIONS: tuple[wire.SteerPositions, ...] = get_args(wire.SteerPositions)
ROLES = ("system", "user", "assistant")


@dataclass(frozen=True, slots=True)
class SteeredFeature:
    """A feature and how strongly it is added, in units of its activation."""

    model_id: str
    source_id: str
    index: int
    strength: float


@dataclass(frozen=True, slots=True)
class SteeredVector:
    """A direction of one's own at a hook point, for example `blocks.15.hook_resid_post`."""

    vector: Sequence[float]
    strength: float
    hook: str
    label: str = ""
    """Its name, for people."""


@dataclass(frozen=True, slots=True)
class SteerCondition:
    """Steer only at tokens where this feature is more active than `threshold`."""

    source_id: str
    index: int
    threshold: float = 0.0


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """A turn of a conversation; `role` is one of `ROLES`."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class SteerRequest:
    """What is asked of a run; with the same seed the same request gives the same texts."""

    model_id: str
    prompt: str
    """Empty where `chat` is given."""
    features: Sequence[SteeredFeature]
    temperature: float = 0.5
    n_tokens: int = 48
    freq_penalty: float = 1.0
    """Subtracted from a token's logit once for every time it was generated."""
    seed: int = 16
    strength_multiplier: float = 1.0
    steer_method: str = "SIMPLE_ADDITIVE"
    """One of `METHODS`. Strengths are what is added; for ORTHOGONAL_DECOMP the factor of the part along the
    direction; for PROJECTION_CAP the most that the projection may be; for ABLATION the share that is taken out."""
    normalize_steering: bool = False
    """Divide every direction by its norm first, so that the strength is the length that is added."""
    n_logprobs: int = 0
    prepend_bos: bool | None = None
    chat: Sequence[ChatTurn] = ()
    """A conversation in place of the prompt; the assistant's next turn is written."""
    vectors: Sequence[SteeredVector] = ()
    keep_error: bool = True
    """ABLATION: keep what the SAE does not explain; else its reconstruction without the features is used."""
    positions: str = "all"
    """One of `POSITIONS`."""
    steer_special_tokens: bool = False
    condition: SteerCondition | None = None
    top_p: float = 1.0
    stop: Sequence[str] = ()
    """The text ends before the first of these."""


@dataclass(frozen=True, slots=True)
class SteerText:
    """What the model wrote, without the prompt."""

    text: str = ""
    n_tokens: int = 0
    finish_reason: str | None = None
    """`length` or `stop`; None while it grows."""
    logprobs: list[dict[str, Any]] | None = None
    """Per token: token, logprob, top_logprobs [{token, logprob}]; None where they were not asked for."""
    chat: Sequence[ChatTurn] = ()
    """The conversation with the assistant's turn, where one was asked for."""
    raw: str = ""
    """What the model read of the conversation by its template, and what it wrote after it."""


@dataclass(frozen=True, slots=True)
class SteerResult:
    """A run so far: unsteered and steered text side by side."""

    default: SteerText
    steered: SteerText
    prepend_bos: bool
    tokens_per_second: float | None
    """Of both texts together."""
    rendered: str = ""
    """A conversation as the model read it, by its chat template; a text's raw form is this and then the text."""
    place_in_line: int | None = None
    """While nothing is written: the place in the line, from 1; 0 while the prompt is read."""

    @property
    def done(self) -> bool:
        """Whether both texts are complete."""
        return bool(self.default.finish_reason and self.steered.finish_reason)


def check(request: SteerRequest) -> None:
    """The limits of a run. Raises `BadInputError` with the field at fault."""
    _check_text(request)
    _within("temperature", request.temperature, 0, 2)
    _within("top_p", request.top_p, 0, 1)
    _within("n_tokens", request.n_tokens, 1, get_settings().max_completion_tokens)
    _within("freq_penalty", request.freq_penalty, -2, 2)
    _within("seed", request.seed, -100_000_000, 100_000_000)
    _within("strength_multiplier", request.strength_multiplier, 0, 10)
    _within("n_logprobs", request.n_logprobs, 0, 10)
    _among("steer_method", request.steer_method, METHODS)
    _among("positions", request.positions, POSITIONS)
    _at_most("stop", request.stop, MOST_STOPS)
    for number, stop in enumerate(request.stop):
        require_text(stop, LONGEST_STOP, f"stop.{number}")
    _check_steering(request)


def _check_text(request: SteerRequest) -> None:
    if not request.chat:
        require_text(request.prompt, LONGEST_PROMPT, "prompt")
        return
    if request.prompt:
        raise BadInputError("Give either a prompt or a conversation.", field="chat")
    _at_most("chat", request.chat, MOST_TURNS)
    for number, turn in enumerate(request.chat):
        _among(f"chat.{number}.role", turn.role, ROLES)
        require_text(turn.content, LONGEST_CHAT, f"chat.{number}.content")
    require_text("".join(turn.content for turn in request.chat), LONGEST_CHAT, "chat")


def _check_steering(request: SteerRequest) -> None:
    _at_most("features", request.features, MOST_FEATURES)
    for number, feature in enumerate(request.features):
        _within(f"features.{number}.index", feature.index, 0, 2**31 - 1)
        _within(f"features.{number}.strength", feature.strength, -STRONGEST, STRONGEST)
    _at_most("vectors", request.vectors, MOST_VECTORS)
    for number, vector in enumerate(request.vectors):
        _within(f"vectors.{number}.strength", vector.strength, -STRONGEST, STRONGEST)
        if not 1 <= len(vector.vector) <= LONGEST_VECTOR:
            raise BadInputError(f"A vector has 1 to {LONGEST_VECTOR} numbers.", field=f"vectors.{number}.vector")
        if not all(map(isfinite, vector.vector)):
            raise BadInputError("A vector has only finite numbers.", field=f"vectors.{number}.vector")
    if request.condition is not None:
        _within("condition.index", request.condition.index, 0, 2**31 - 1)
        _within("condition.threshold", request.condition.threshold, -1e9, 1e9)


def _within(field: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise BadInputError(f"{field} must be between {least:g} and {most:g}.", field=field)


def _at_most(field: str, values: Sequence[object], most: int) -> None:
    if len(values) > most:
        raise BadInputError(f"At most {most} {field} can be given, not {len(values)}.", field=field)


def _among(field: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise BadInputError(f"{field} is one of {', '.join(choices)}, not {value}.", field=field)
