from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.raw_result import RawResult


T = TypeVar("T", bound="ActivationRawResponse")


@_attrs_define
class ActivationRawResponse:
    """
    Attributes:
        hook_point (Literal['residual_stream']):
        type_ (Literal['final_output_token']):
        dtype (str):
        device (str):
        results (list[RawResult]):
    """

    hook_point: Literal["residual_stream"]
    type_: Literal["final_output_token"]
    dtype: str
    device: str
    results: list[RawResult]

    def to_dict(self) -> dict[str, Any]:
        hook_point = self.hook_point

        type_ = self.type_

        dtype = self.dtype

        device = self.device

        results = []
        for results_item_data in self.results:
            results_item = results_item_data.to_dict()
            results.append(results_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "hookPoint": hook_point,
                "type": type_,
                "dtype": dtype,
                "device": device,
                "results": results,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.raw_result import RawResult

        d = dict(src_dict)
        hook_point = cast("Literal['residual_stream']", d.pop("hookPoint"))
        if hook_point != "residual_stream":
            raise ValueError(f"hookPoint must match const 'residual_stream', got '{hook_point}'")

        type_ = cast("Literal['final_output_token']", d.pop("type"))
        if type_ != "final_output_token":
            raise ValueError(f"type must match const 'final_output_token', got '{type_}'")

        dtype = d.pop("dtype")

        device = d.pop("device")

        results = []
        _results = d.pop("results")
        for results_item_data in _results:
            results_item = RawResult.from_dict(results_item_data)

            results.append(results_item)

        activation_raw_response = cls(
            hook_point=hook_point,
            type_=type_,
            dtype=dtype,
            device=device,
            results=results,
        )

        return activation_raw_response
