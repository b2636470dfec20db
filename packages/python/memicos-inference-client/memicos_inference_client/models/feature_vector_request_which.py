from typing import Literal

FeatureVectorRequestWhich = Literal["both", "decoder", "encoder"]

FEATURE_VECTOR_REQUEST_WHICH_VALUES: set[FeatureVectorRequestWhich] = {
    "both",
    "decoder",
    "encoder",
}


def check_feature_vector_request_which(value: str) -> FeatureVectorRequestWhich:
    if value in FEATURE_VECTOR_REQUEST_WHICH_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {FEATURE_VECTOR_REQUEST_WHICH_VALUES!r}")
