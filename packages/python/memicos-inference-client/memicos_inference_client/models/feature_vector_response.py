from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.feature_vector_response_which import FeatureVectorResponseWhich, check_feature_vector_response_which
from ..types import UNSET, Unset

T = TypeVar("T", bound="FeatureVectorResponse")


@_attrs_define
class FeatureVectorResponse:
    """A feature's direction: what steering adds (decoder row) or what it reads (encoder column), and its norm.

    With `which: both`, `vector` is the decoder's and `encoder_vector` the encoder's.

        Attributes:
            vector (list[float]):
            norm (float):
            hook_name (str): Where `vector` belongs: a transcoder reads and writes at different places.
            which (FeatureVectorResponseWhich | Unset):  Default: 'decoder'.
            space (str | Unset): Directions can be compared where this is the same. Default: ''.
            encoder_vector (list[float] | None | Unset):
            encoder_norm (float | None | Unset):
            encoder_hook_name (None | str | Unset):
    """

    vector: list[float]
    norm: float
    hook_name: str
    which: FeatureVectorResponseWhich | Unset = "decoder"
    space: str | Unset = ""
    encoder_vector: list[float] | Unset | None = UNSET
    encoder_norm: float | Unset | None = UNSET
    encoder_hook_name: str | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        vector = self.vector

        norm = self.norm

        hook_name = self.hook_name

        which: str | Unset = UNSET
        if not isinstance(self.which, Unset):
            which = self.which

        space = self.space

        encoder_vector: list[float] | Unset | None
        if isinstance(self.encoder_vector, Unset):
            encoder_vector = UNSET
        elif isinstance(self.encoder_vector, list):
            encoder_vector = self.encoder_vector

        else:
            encoder_vector = self.encoder_vector

        encoder_norm: float | Unset | None
        if isinstance(self.encoder_norm, Unset):
            encoder_norm = UNSET
        else:
            encoder_norm = self.encoder_norm

        encoder_hook_name: str | Unset | None
        if isinstance(self.encoder_hook_name, Unset):
            encoder_hook_name = UNSET
        else:
            encoder_hook_name = self.encoder_hook_name

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "vector": vector,
                "norm": norm,
                "hookName": hook_name,
            }
        )
        if which is not UNSET:
            field_dict["which"] = which
        if space is not UNSET:
            field_dict["space"] = space
        if encoder_vector is not UNSET:
            field_dict["encoderVector"] = encoder_vector
        if encoder_norm is not UNSET:
            field_dict["encoderNorm"] = encoder_norm
        if encoder_hook_name is not UNSET:
            field_dict["encoderHookName"] = encoder_hook_name

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        vector = cast("list[float]", d.pop("vector"))

        norm = d.pop("norm")

        hook_name = d.pop("hookName")

        _which = d.pop("which", UNSET)
        which: FeatureVectorResponseWhich | Unset
        if isinstance(_which, Unset):
            which = UNSET
        else:
            which = check_feature_vector_response_which(_which)

        space = d.pop("space", UNSET)

        def _parse_encoder_vector(data: object) -> list[float] | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                encoder_vector_type_0 = cast("list[float]", data)

                return encoder_vector_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast("list[float] | None | Unset", data)

        encoder_vector = _parse_encoder_vector(d.pop("encoderVector", UNSET))

        def _parse_encoder_norm(data: object) -> float | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("float | None | Unset", data)

        encoder_norm = _parse_encoder_norm(d.pop("encoderNorm", UNSET))

        def _parse_encoder_hook_name(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("None | str | Unset", data)

        encoder_hook_name = _parse_encoder_hook_name(d.pop("encoderHookName", UNSET))

        feature_vector_response = cls(
            vector=vector,
            norm=norm,
            hook_name=hook_name,
            which=which,
            space=space,
            encoder_vector=encoder_vector,
            encoder_norm=encoder_norm,
            encoder_hook_name=encoder_hook_name,
        )

        return feature_vector_response
