from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.steer_chat_request_positions import SteerChatRequestPositions, check_steer_chat_request_positions
from ..models.steer_chat_request_steermethod import SteerChatRequestSteermethod, check_steer_chat_request_steermethod
from ..models.steer_chat_request_streamformat import (
    SteerChatRequestStreamformat,
    check_steer_chat_request_streamformat,
)
from ..models.steer_chat_request_types_item import SteerChatRequestTypesItem, check_steer_chat_request_types_item
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.chat_message import ChatMessage
    from ..models.steer_condition import SteerCondition
    from ..models.steer_feature import SteerFeature
    from ..models.steer_vector import SteerVector


T = TypeVar("T", bound="SteerChatRequest")


@_attrs_define
class SteerChatRequest:
    """
    Attributes:
        model (str):
        prompt (list[ChatMessage]):
        features (list[SteerFeature] | Unset):
        vectors (list[SteerVector] | Unset):
        types (list[SteerChatRequestTypesItem] | Unset):
        n_completion_tokens (int | Unset):  Default: 64.
        temperature (float | Unset):  Default: 0.5.
        top_p (float | Unset): Only the likeliest tokens that together have this probability; 0 takes the likeliest.
            Default: 1.0.
        freq_penalty (float | Unset): Subtracted from a token's logit once for each time it was generated (OpenAI's
            definition). Default: 0.0.
        stop (list[str] | Unset): The text ends before the first of these strings.
        seed (int | Unset):  Default: 16.
        n_logprobs (int | Unset): Log probabilities of the chosen token and of this many of the likeliest, before
            temperature and penalty. Default: 0.
        prepend_bos (bool | None | Unset):
        strength_multiplier (float | Unset):  Default: 1.0.
        sweep (list[float] | Unset): Several multipliers in place of the one: a STEERED output for each, in this order,
            generated together.
        steer_method (SteerChatRequestSteermethod | Unset): With `c = strength * multiplier`: add `c` of the direction;
            multiply the part along it by `c`; let the
            projection on it be at most `c`; take `c` times what the feature contributes out (features only). Default:
            'SIMPLE_ADDITIVE'.
        normalize_steering (bool | Unset): Divide each direction by its norm before it is added. The other methods do
            not depend on its length. Default: False.
        keep_error (bool | Unset): ABLATION: what the SAE does not explain stays. If false, its reconstruction without
            the features is used. Default: True.
        positions (SteerChatRequestPositions | Unset):  Default: 'all'.
        steer_special_tokens (bool | Unset): Whether the prompt's special tokens and its first position are steered too.
            Generated tokens always are. Default: False.
        condition (None | SteerCondition | Unset):
        stream (bool | Unset):  Default: False.
        stream_format (SteerChatRequestStreamformat | Unset): What a frame holds: the answer so far; the same with log
            probabilities only of texts that have ended, which
            is a hundredth of it; or what was added. Default: 'cumulative'.
        is_assistant_axis (bool | Unset): Not offered: true is refused. Default: False.
    """

    model: str
    prompt: list[ChatMessage]
    features: list[SteerFeature] | Unset = UNSET
    vectors: list[SteerVector] | Unset = UNSET
    types: list[SteerChatRequestTypesItem] | Unset = UNSET
    n_completion_tokens: int | Unset = 64
    temperature: float | Unset = 0.5
    top_p: float | Unset = 1.0
    freq_penalty: float | Unset = 0.0
    stop: list[str] | Unset = UNSET
    seed: int | Unset = 16
    n_logprobs: int | Unset = 0
    prepend_bos: bool | Unset | None = UNSET
    strength_multiplier: float | Unset = 1.0
    sweep: list[float] | Unset = UNSET
    steer_method: SteerChatRequestSteermethod | Unset = "SIMPLE_ADDITIVE"
    normalize_steering: bool | Unset = False
    keep_error: bool | Unset = True
    positions: SteerChatRequestPositions | Unset = "all"
    steer_special_tokens: bool | Unset = False
    condition: SteerCondition | Unset | None = UNSET
    stream: bool | Unset = False
    stream_format: SteerChatRequestStreamformat | Unset = "cumulative"
    is_assistant_axis: bool | Unset = False

    def to_dict(self) -> dict[str, Any]:
        from ..models.steer_condition import SteerCondition

        model = self.model

        prompt = []
        for prompt_item_data in self.prompt:
            prompt_item = prompt_item_data.to_dict()
            prompt.append(prompt_item)

        features: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.features, Unset):
            features = []
            for features_item_data in self.features:
                features_item = features_item_data.to_dict()
                features.append(features_item)

        vectors: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.vectors, Unset):
            vectors = []
            for vectors_item_data in self.vectors:
                vectors_item = vectors_item_data.to_dict()
                vectors.append(vectors_item)

        types: list[str] | Unset = UNSET
        if not isinstance(self.types, Unset):
            types = []
            for types_item_data in self.types:
                types_item: str = types_item_data
                types.append(types_item)

        n_completion_tokens = self.n_completion_tokens

        temperature = self.temperature

        top_p = self.top_p

        freq_penalty = self.freq_penalty

        stop: list[str] | Unset = UNSET
        if not isinstance(self.stop, Unset):
            stop = self.stop

        seed = self.seed

        n_logprobs = self.n_logprobs

        prepend_bos: bool | Unset | None
        if isinstance(self.prepend_bos, Unset):
            prepend_bos = UNSET
        else:
            prepend_bos = self.prepend_bos

        strength_multiplier = self.strength_multiplier

        sweep: list[float] | Unset = UNSET
        if not isinstance(self.sweep, Unset):
            sweep = self.sweep

        steer_method: str | Unset = UNSET
        if not isinstance(self.steer_method, Unset):
            steer_method = self.steer_method

        normalize_steering = self.normalize_steering

        keep_error = self.keep_error

        positions: str | Unset = UNSET
        if not isinstance(self.positions, Unset):
            positions = self.positions

        steer_special_tokens = self.steer_special_tokens

        condition: dict[str, Any] | Unset | None
        if isinstance(self.condition, Unset):
            condition = UNSET
        elif isinstance(self.condition, SteerCondition):
            condition = self.condition.to_dict()
        else:
            condition = self.condition

        stream = self.stream

        stream_format: str | Unset = UNSET
        if not isinstance(self.stream_format, Unset):
            stream_format = self.stream_format

        is_assistant_axis = self.is_assistant_axis

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "model": model,
                "prompt": prompt,
            }
        )
        if features is not UNSET:
            field_dict["features"] = features
        if vectors is not UNSET:
            field_dict["vectors"] = vectors
        if types is not UNSET:
            field_dict["types"] = types
        if n_completion_tokens is not UNSET:
            field_dict["nCompletionTokens"] = n_completion_tokens
        if temperature is not UNSET:
            field_dict["temperature"] = temperature
        if top_p is not UNSET:
            field_dict["topP"] = top_p
        if freq_penalty is not UNSET:
            field_dict["freqPenalty"] = freq_penalty
        if stop is not UNSET:
            field_dict["stop"] = stop
        if seed is not UNSET:
            field_dict["seed"] = seed
        if n_logprobs is not UNSET:
            field_dict["nLogprobs"] = n_logprobs
        if prepend_bos is not UNSET:
            field_dict["prependBos"] = prepend_bos
        if strength_multiplier is not UNSET:
            field_dict["strengthMultiplier"] = strength_multiplier
        if sweep is not UNSET:
            field_dict["sweep"] = sweep
        if steer_method is not UNSET:
            field_dict["steerMethod"] = steer_method
        if normalize_steering is not UNSET:
            field_dict["normalizeSteering"] = normalize_steering
        if keep_error is not UNSET:
            field_dict["keepError"] = keep_error
        if positions is not UNSET:
            field_dict["positions"] = positions
        if steer_special_tokens is not UNSET:
            field_dict["steerSpecialTokens"] = steer_special_tokens
        if condition is not UNSET:
            field_dict["condition"] = condition
        if stream is not UNSET:
            field_dict["stream"] = stream
        if stream_format is not UNSET:
            field_dict["streamFormat"] = stream_format
        if is_assistant_axis is not UNSET:
            field_dict["isAssistantAxis"] = is_assistant_axis

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.chat_message import ChatMessage
        from ..models.steer_condition import SteerCondition
        from ..models.steer_feature import SteerFeature
        from ..models.steer_vector import SteerVector

        d = dict(src_dict)
        model = d.pop("model")

        prompt = []
        _prompt = d.pop("prompt")
        for prompt_item_data in _prompt:
            prompt_item = ChatMessage.from_dict(prompt_item_data)

            prompt.append(prompt_item)

        _features = d.pop("features", UNSET)
        features: list[SteerFeature] | Unset = UNSET
        if _features is not UNSET:
            features = []
            for features_item_data in _features:
                features_item = SteerFeature.from_dict(features_item_data)

                features.append(features_item)

        _vectors = d.pop("vectors", UNSET)
        vectors: list[SteerVector] | Unset = UNSET
        if _vectors is not UNSET:
            vectors = []
            for vectors_item_data in _vectors:
                vectors_item = SteerVector.from_dict(vectors_item_data)

                vectors.append(vectors_item)

        _types = d.pop("types", UNSET)
        types: list[SteerChatRequestTypesItem] | Unset = UNSET
        if _types is not UNSET:
            types = []
            for types_item_data in _types:
                types_item = check_steer_chat_request_types_item(types_item_data)

                types.append(types_item)

        n_completion_tokens = d.pop("nCompletionTokens", UNSET)

        temperature = d.pop("temperature", UNSET)

        top_p = d.pop("topP", UNSET)

        freq_penalty = d.pop("freqPenalty", UNSET)

        stop = cast("list[str]", d.pop("stop", UNSET))

        seed = d.pop("seed", UNSET)

        n_logprobs = d.pop("nLogprobs", UNSET)

        def _parse_prepend_bos(data: object) -> bool | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("bool | None | Unset", data)

        prepend_bos = _parse_prepend_bos(d.pop("prependBos", UNSET))

        strength_multiplier = d.pop("strengthMultiplier", UNSET)

        sweep = cast("list[float]", d.pop("sweep", UNSET))

        _steer_method = d.pop("steerMethod", UNSET)
        steer_method: SteerChatRequestSteermethod | Unset
        if isinstance(_steer_method, Unset):
            steer_method = UNSET
        else:
            steer_method = check_steer_chat_request_steermethod(_steer_method)

        normalize_steering = d.pop("normalizeSteering", UNSET)

        keep_error = d.pop("keepError", UNSET)

        _positions = d.pop("positions", UNSET)
        positions: SteerChatRequestPositions | Unset
        if isinstance(_positions, Unset):
            positions = UNSET
        else:
            positions = check_steer_chat_request_positions(_positions)

        steer_special_tokens = d.pop("steerSpecialTokens", UNSET)

        def _parse_condition(data: object) -> SteerCondition | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                condition_type_0 = SteerCondition.from_dict(data)

                return condition_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast("None | SteerCondition | Unset", data)

        condition = _parse_condition(d.pop("condition", UNSET))

        stream = d.pop("stream", UNSET)

        _stream_format = d.pop("streamFormat", UNSET)
        stream_format: SteerChatRequestStreamformat | Unset
        if isinstance(_stream_format, Unset):
            stream_format = UNSET
        else:
            stream_format = check_steer_chat_request_streamformat(_stream_format)

        is_assistant_axis = d.pop("isAssistantAxis", UNSET)

        steer_chat_request = cls(
            model=model,
            prompt=prompt,
            features=features,
            vectors=vectors,
            types=types,
            n_completion_tokens=n_completion_tokens,
            temperature=temperature,
            top_p=top_p,
            freq_penalty=freq_penalty,
            stop=stop,
            seed=seed,
            n_logprobs=n_logprobs,
            prepend_bos=prepend_bos,
            strength_multiplier=strength_multiplier,
            sweep=sweep,
            steer_method=steer_method,
            normalize_steering=normalize_steering,
            keep_error=keep_error,
            positions=positions,
            steer_special_tokens=steer_special_tokens,
            condition=condition,
            stream=stream,
            stream_format=stream_format,
            is_assistant_axis=is_assistant_axis,
        )

        return steer_chat_request
