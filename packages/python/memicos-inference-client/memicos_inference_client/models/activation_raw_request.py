from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="ActivationRawRequest")


@_attrs_define
class ActivationRawRequest:
    """The residual stream after layers, at the last token of each prompt.

    Attributes:
        prompts (list[str]):
        model (None | str | Unset):
        layers (list[int] | None | Unset): None: all layers.
        hook_point (Literal['residual_stream'] | Unset):  Default: 'residual_stream'.
        type_ (Literal['final_output_token'] | Unset):  Default: 'final_output_token'.
        prepend_bos (bool | None | Unset):
    """

    prompts: list[str]
    model: str | Unset | None = UNSET
    layers: list[int] | Unset | None = UNSET
    hook_point: Literal["residual_stream"] | Unset = "residual_stream"
    type_: Literal["final_output_token"] | Unset = "final_output_token"
    prepend_bos: bool | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        prompts = self.prompts

        model: str | Unset | None
        if isinstance(self.model, Unset):
            model = UNSET
        else:
            model = self.model

        layers: list[int] | Unset | None
        if isinstance(self.layers, Unset):
            layers = UNSET
        elif isinstance(self.layers, list):
            layers = self.layers

        else:
            layers = self.layers

        hook_point = self.hook_point

        type_ = self.type_

        prepend_bos: bool | Unset | None
        if isinstance(self.prepend_bos, Unset):
            prepend_bos = UNSET
        else:
            prepend_bos = self.prepend_bos

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "prompts": prompts,
            }
        )
        if model is not UNSET:
            field_dict["model"] = model
        if layers is not UNSET:
            field_dict["layers"] = layers
        if hook_point is not UNSET:
            field_dict["hookPoint"] = hook_point
        if type_ is not UNSET:
            field_dict["type"] = type_
        if prepend_bos is not UNSET:
            field_dict["prependBos"] = prepend_bos

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        prompts = cast("list[str]", d.pop("prompts"))

        def _parse_model(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("None | str | Unset", data)

        model = _parse_model(d.pop("model", UNSET))

        def _parse_layers(data: object) -> list[int] | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                layers_type_0 = cast("list[int]", data)

                return layers_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast("list[int] | None | Unset", data)

        layers = _parse_layers(d.pop("layers", UNSET))

        hook_point = cast("Literal['residual_stream'] | Unset", d.pop("hookPoint", UNSET))
        if hook_point != "residual_stream" and not isinstance(hook_point, Unset):
            raise ValueError(f"hookPoint must match const 'residual_stream', got '{hook_point}'")

        type_ = cast("Literal['final_output_token'] | Unset", d.pop("type", UNSET))
        if type_ != "final_output_token" and not isinstance(type_, Unset):
            raise ValueError(f"type must match const 'final_output_token', got '{type_}'")

        def _parse_prepend_bos(data: object) -> bool | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("bool | None | Unset", data)

        prepend_bos = _parse_prepend_bos(d.pop("prependBos", UNSET))

        activation_raw_request = cls(
            prompts=prompts,
            model=model,
            layers=layers,
            hook_point=hook_point,
            type_=type_,
            prepend_bos=prepend_bos,
        )

        return activation_raw_request
