from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.feature_ref import FeatureRef
    from ..models.similar_feature import SimilarFeature


T = TypeVar("T", bound="CossimResponse")


@_attrs_define
class CossimResponse:
    """Most alike first; a feature is its own best match in its own source.

    Attributes:
        topk_decoder_cossim_features (list[SimilarFeature]):
        feature (FeatureRef | None | Unset):
    """

    topk_decoder_cossim_features: list[SimilarFeature]
    feature: FeatureRef | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.feature_ref import FeatureRef

        topk_decoder_cossim_features = []
        for topk_decoder_cossim_features_item_data in self.topk_decoder_cossim_features:
            topk_decoder_cossim_features_item = topk_decoder_cossim_features_item_data.to_dict()
            topk_decoder_cossim_features.append(topk_decoder_cossim_features_item)

        feature: dict[str, Any] | Unset | None
        if isinstance(self.feature, Unset):
            feature = UNSET
        elif isinstance(self.feature, FeatureRef):
            feature = self.feature.to_dict()
        else:
            feature = self.feature

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "topkDecoderCossimFeatures": topk_decoder_cossim_features,
            }
        )
        if feature is not UNSET:
            field_dict["feature"] = feature

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.feature_ref import FeatureRef
        from ..models.similar_feature import SimilarFeature

        d = dict(src_dict)
        topk_decoder_cossim_features = []
        _topk_decoder_cossim_features = d.pop("topkDecoderCossimFeatures")
        for topk_decoder_cossim_features_item_data in _topk_decoder_cossim_features:
            topk_decoder_cossim_features_item = SimilarFeature.from_dict(topk_decoder_cossim_features_item_data)

            topk_decoder_cossim_features.append(topk_decoder_cossim_features_item)

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

        cossim_response = cls(
            topk_decoder_cossim_features=topk_decoder_cossim_features,
            feature=feature,
        )

        return cossim_response
