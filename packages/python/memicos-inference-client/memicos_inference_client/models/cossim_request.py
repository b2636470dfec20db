from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.feature_ref import FeatureRef


T = TypeVar("T", bound="CossimRequest")


@_attrs_define
class CossimRequest:
    """The features of `source` whose decoder directions are most alike to a feature's, or to a vector.

    Attributes:
        model (str):
        source (str): Whose features are compared.
        feature (FeatureRef | None | Unset): May be of another source that writes to the same space.
        vector (list[float] | None | Unset):
        num_results (int | Unset):  Default: 10.
    """

    model: str
    source: str
    feature: FeatureRef | Unset | None = UNSET
    vector: list[float] | Unset | None = UNSET
    num_results: int | Unset = 10

    def to_dict(self) -> dict[str, Any]:
        from ..models.feature_ref import FeatureRef

        model = self.model

        source = self.source

        feature: dict[str, Any] | Unset | None
        if isinstance(self.feature, Unset):
            feature = UNSET
        elif isinstance(self.feature, FeatureRef):
            feature = self.feature.to_dict()
        else:
            feature = self.feature

        vector: list[float] | Unset | None
        if isinstance(self.vector, Unset):
            vector = UNSET
        elif isinstance(self.vector, list):
            vector = self.vector

        else:
            vector = self.vector

        num_results = self.num_results

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "model": model,
                "source": source,
            }
        )
        if feature is not UNSET:
            field_dict["feature"] = feature
        if vector is not UNSET:
            field_dict["vector"] = vector
        if num_results is not UNSET:
            field_dict["numResults"] = num_results

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.feature_ref import FeatureRef

        d = dict(src_dict)
        model = d.pop("model")

        source = d.pop("source")

        def _parse_feature(data: object) -> FeatureRef | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                feature_type_0 = FeatureRef.from_dict(data)

                return feature_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast("FeatureRef | None | Unset", data)

        feature = _parse_feature(d.pop("feature", UNSET))

        def _parse_vector(data: object) -> list[float] | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                vector_type_0 = cast("list[float]", data)

                return vector_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast("list[float] | None | Unset", data)

        vector = _parse_vector(d.pop("vector", UNSET))

        num_results = d.pop("numResults", UNSET)

        cossim_request = cls(
            model=model,
            source=source,
            feature=feature,
            vector=vector,
            num_results=num_results,
        )

        return cossim_request
