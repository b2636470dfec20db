from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.readiness_state import ReadinessState, check_readiness_state
from ..types import UNSET, Unset

T = TypeVar("T", bound="Readiness")


@_attrs_define
class Readiness:
    """Whether inference can be asked for, and if not, what is missing.

    Attributes:
        ready (bool):
        state (ReadinessState):
        model (str):
        detail (str | Unset):  Default: ''.
        sources (list[str] | Unset):
        queue_length (int | Unset):  Default: 0.
        device (str | Unset):  Default: 'cpu'.
        dtype (str | Unset):  Default: 'float32'.
    """

    ready: bool
    state: ReadinessState
    model: str
    detail: str | Unset = ""
    sources: list[str] | Unset = UNSET
    queue_length: int | Unset = 0
    device: str | Unset = "cpu"
    dtype: str | Unset = "float32"

    def to_dict(self) -> dict[str, Any]:
        ready = self.ready

        state: str = self.state

        model = self.model

        detail = self.detail

        sources: list[str] | Unset = UNSET
        if not isinstance(self.sources, Unset):
            sources = self.sources

        queue_length = self.queue_length

        device = self.device

        dtype = self.dtype

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "ready": ready,
                "state": state,
                "model": model,
            }
        )
        if detail is not UNSET:
            field_dict["detail"] = detail
        if sources is not UNSET:
            field_dict["sources"] = sources
        if queue_length is not UNSET:
            field_dict["queueLength"] = queue_length
        if device is not UNSET:
            field_dict["device"] = device
        if dtype is not UNSET:
            field_dict["dtype"] = dtype

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        ready = d.pop("ready")

        state = check_readiness_state(d.pop("state"))

        model = d.pop("model")

        detail = d.pop("detail", UNSET)

        sources = cast("list[str]", d.pop("sources", UNSET))

        queue_length = d.pop("queueLength", UNSET)

        device = d.pop("device", UNSET)

        dtype = d.pop("dtype", UNSET)

        readiness = cls(
            ready=ready,
            state=state,
            model=model,
            detail=detail,
            sources=sources,
            queue_length=queue_length,
            device=device,
            dtype=dtype,
        )

        return readiness
