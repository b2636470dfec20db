from typing import Literal

FeatureVectorResponseWhich = Literal["both", "decoder", "encoder"]

FEATURE_VECTOR_RESPONSE_WHICH_VALUES: set[FeatureVectorResponseWhich] = {
    "both",
    "decoder",
    "encoder",
}


def check_feature_vector_response_which(value: str) -> FeatureVectorResponseWhich:
    if value in FEATURE_VECTOR_RESPONSE_WHICH_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {FEATURE_VECTOR_RESPONSE_WHICH_VALUES!r}")
