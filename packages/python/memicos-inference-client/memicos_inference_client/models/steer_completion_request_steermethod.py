from typing import Literal

SteerCompletionRequestSteermethod = Literal["ABLATION", "ORTHOGONAL_DECOMP", "PROJECTION_CAP", "SIMPLE_ADDITIVE"]

STEER_COMPLETION_REQUEST_STEERMETHOD_VALUES: set[SteerCompletionRequestSteermethod] = {
    "ABLATION",
    "ORTHOGONAL_DECOMP",
    "PROJECTION_CAP",
    "SIMPLE_ADDITIVE",
}


def check_steer_completion_request_steermethod(value: str) -> SteerCompletionRequestSteermethod:
    if value in STEER_COMPLETION_REQUEST_STEERMETHOD_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {STEER_COMPLETION_REQUEST_STEERMETHOD_VALUES!r}")
