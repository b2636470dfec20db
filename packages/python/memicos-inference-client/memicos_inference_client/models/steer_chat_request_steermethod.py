from typing import Literal

SteerChatRequestSteermethod = Literal["ABLATION", "ORTHOGONAL_DECOMP", "PROJECTION_CAP", "SIMPLE_ADDITIVE"]

STEER_CHAT_REQUEST_STEERMETHOD_VALUES: set[SteerChatRequestSteermethod] = {
    "ABLATION",
    "ORTHOGONAL_DECOMP",
    "PROJECTION_CAP",
    "SIMPLE_ADDITIVE",
}


def check_steer_chat_request_steermethod(value: str) -> SteerChatRequestSteermethod:
    if value in STEER_CHAT_REQUEST_STEERMETHOD_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {STEER_CHAT_REQUEST_STEERMETHOD_VALUES!r}")
