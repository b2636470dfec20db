from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.feature_ref import FeatureRef


T = TypeVar("T", bound="SimilarFeature")


@_attrs_define
class SimilarFeature:
    """
    Attributes:
        feature (FeatureRef):
        cosine_similarity (float):
    """

    feature: FeatureRef
    cosine_similarity: float

    def to_dict(self) -> dict[str, Any]:
        feature = self.feature.to_dict()

        cosine_similarity = self.cosine_similarity

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "feature": feature,
                "cosineSimilarity": cosine_similarity,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.feature_ref import FeatureRef

        d = dict(src_dict)
        feature = FeatureRef.from_dict(d.pop("feature"))

        cosine_similarity = d.pop("cosineSimilarity")

        similar_feature = cls(
            feature=feature,
            cosine_similarity=cosine_similarity,
        )

        return similar_feature
