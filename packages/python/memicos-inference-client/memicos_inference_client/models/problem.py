from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="Problem")


@_attrs_define
class Problem:
    """The one shape of an error: `error` is a stable code, `message` a sentence, `field` the request's field.

    Attributes:
        error (str):
        message (str):
        field (None | str | Unset):
        position (int | None | Unset):
        retry_after (float | None | Unset):
    """

    error: str
    message: str
    field: str | Unset | None = UNSET
    position: int | Unset | None = UNSET
    retry_after: float | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        error = self.error

        message = self.message

        field: str | Unset | None
        if isinstance(self.field, Unset):
            field = UNSET
        else:
            field = self.field

        position: int | Unset | None
        if isinstance(self.position, Unset):
            position = UNSET
        else:
            position = self.position

        retry_after: float | Unset | None
        if isinstance(self.retry_after, Unset):
            retry_after = UNSET
        else:
            retry_after = self.retry_after

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "error": error,
                "message": message,
            }
        )
        if field is not UNSET:
            field_dict["field"] = field
        if position is not UNSET:
            field_dict["position"] = position
        if retry_after is not UNSET:
            field_dict["retryAfter"] = retry_after

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        error = d.pop("error")

        message = d.pop("message")

        def _parse_field(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("None | str | Unset", data)

        field = _parse_field(d.pop("field", UNSET))

        def _parse_position(data: object) -> int | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("int | None | Unset", data)

        position = _parse_position(d.pop("position", UNSET))

        def _parse_retry_after(data: object) -> float | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("float | None | Unset", data)

        retry_after = _parse_retry_after(d.pop("retryAfter", UNSET))

        problem = cls(
            error=error,
            message=message,
            field=field,
            position=position,
            retry_after=retry_after,
        )

        return problem
