from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from attrs import define as _attrs_define

from ..models.steer_completion_request_types_item import (
    SteerCompletionRequestTypesItem,
    check_steer_completion_request_types_item,
)
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.steer_feature import SteerFeature


T = TypeVar("T", bound="SteerCompletionRequest")


@_attrs_define
class SteerCompletionRequest:
    """
    Attributes:
        model (str):
        prompt (str):
        features (list[SteerFeature]):
        types (list[SteerCompletionRequestTypesItem] | Unset):
        n_completion_tokens (int | Unset):  Default: 64.
        temperature (float | Unset):  Default: 0.5.
        strength_multiplier (float | Unset):  Default: 1.0.
        sweep (list[float] | Unset): Several multipliers in place of the one: a STEERED output for each, in this order,
            generated together.
        freq_penalty (float | Unset): Subtracted from a token's logit once for each time it was generated (OpenAI's
            definition). Default: 0.0.
        seed (int | Unset):  Default: 16.
        steer_method (Literal['SIMPLE_ADDITIVE'] | Unset):  Default: 'SIMPLE_ADDITIVE'.
        normalize_steering (bool | Unset):  Default: False.
        n_logprobs (int | Unset):  Default: 0.
        prepend_bos (bool | None | Unset):
        stream (bool | Unset):  Default: False.
    """

    model: str
    prompt: str
    features: list[SteerFeature]
    types: list[SteerCompletionRequestTypesItem] | Unset = UNSET
    n_completion_tokens: int | Unset = 64
    temperature: float | Unset = 0.5
    strength_multiplier: float | Unset = 1.0
    sweep: list[float] | Unset = UNSET
    freq_penalty: float | Unset = 0.0
    seed: int | Unset = 16
    steer_method: Literal["SIMPLE_ADDITIVE"] | Unset = "SIMPLE_ADDITIVE"
    normalize_steering: bool | Unset = False
    n_logprobs: int | Unset = 0
    prepend_bos: bool | Unset | None = UNSET
    stream: bool | Unset = False

    def to_dict(self) -> dict[str, Any]:
        model = self.model

        prompt = self.prompt

        features = []
        for features_item_data in self.features:
            features_item = features_item_data.to_dict()
            features.append(features_item)

        types: list[str] | Unset = UNSET
        if not isinstance(self.types, Unset):
            types = []
            for types_item_data in self.types:
                types_item: str = types_item_data
                types.append(types_item)

        n_completion_tokens = self.n_completion_tokens

        temperature = self.temperature

        strength_multiplier = self.strength_multiplier

        sweep: list[float] | Unset = UNSET
        if not isinstance(self.sweep, Unset):
            sweep = self.sweep

        freq_penalty = self.freq_penalty

        seed = self.seed

        steer_method = self.steer_method

        normalize_steering = self.normalize_steering

        n_logprobs = self.n_logprobs

        prepend_bos: bool | Unset | None
        if isinstance(self.prepend_bos, Unset):
            prepend_bos = UNSET
        else:
            prepend_bos = self.prepend_bos

        stream = self.stream

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "model": model,
                "prompt": prompt,
                "features": features,
            }
        )
        if types is not UNSET:
            field_dict["types"] = types
        if n_completion_tokens is not UNSET:
            field_dict["nCompletionTokens"] = n_completion_tokens
        if temperature is not UNSET:
            field_dict["temperature"] = temperature
        if strength_multiplier is not UNSET:
            field_dict["strengthMultiplier"] = strength_multiplier
        if sweep is not UNSET:
            field_dict["sweep"] = sweep
        if freq_penalty is not UNSET:
            field_dict["freqPenalty"] = freq_penalty
        if seed is not UNSET:
            field_dict["seed"] = seed
        if steer_method is not UNSET:
            field_dict["steerMethod"] = steer_method
        if normalize_steering is not UNSET:
            field_dict["normalizeSteering"] = normalize_steering
        if n_logprobs is not UNSET:
            field_dict["nLogprobs"] = n_logprobs
        if prepend_bos is not UNSET:
            field_dict["prependBos"] = prepend_bos
        if stream is not UNSET:
            field_dict["stream"] = stream

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.steer_feature import SteerFeature

        d = dict(src_dict)
        model = d.pop("model")

        prompt = d.pop("prompt")

        features = []
        _features = d.pop("features")
        for features_item_data in _features:
            features_item = SteerFeature.from_dict(features_item_data)

            features.append(features_item)

        _types = d.pop("types", UNSET)
        types: list[SteerCompletionRequestTypesItem] | Unset = UNSET
        if _types is not UNSET:
            types = []
            for types_item_data in _types:
                types_item = check_steer_completion_request_types_item(types_item_data)

                types.append(types_item)

        n_completion_tokens = d.pop("nCompletionTokens", UNSET)

        temperature = d.pop("temperature", UNSET)

        strength_multiplier = d.pop("strengthMultiplier", UNSET)

        sweep = cast("list[float]", d.pop("sweep", UNSET))

        freq_penalty = d.pop("freqPenalty", UNSET)

        seed = d.pop("seed", UNSET)

        steer_method = cast("Literal['SIMPLE_ADDITIVE'] | Unset", d.pop("steerMethod", UNSET))
        if steer_method != "SIMPLE_ADDITIVE" and not isinstance(steer_method, Unset):
            raise ValueError(f"steerMethod must match const 'SIMPLE_ADDITIVE', got '{steer_method}'")

        normalize_steering = d.pop("normalizeSteering", UNSET)

        n_logprobs = d.pop("nLogprobs", UNSET)

        def _parse_prepend_bos(data: object) -> bool | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("bool | None | Unset", data)

        prepend_bos = _parse_prepend_bos(d.pop("prependBos", UNSET))

        stream = d.pop("stream", UNSET)

        steer_completion_request = cls(
            model=model,
            prompt=prompt,
            features=features,
            types=types,
            n_completion_tokens=n_completion_tokens,
            temperature=temperature,
            strength_multiplier=strength_multiplier,
            sweep=sweep,
            freq_penalty=freq_penalty,
            seed=seed,
            steer_method=steer_method,
            normalize_steering=normalize_steering,
            n_logprobs=n_logprobs,
            prepend_bos=prepend_bos,
            stream=stream,
        )

        return steer_completion_request
