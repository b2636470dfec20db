from typing import Literal

SteerChatOutputType = Literal["DEFAULT", "STEERED"]

STEER_CHAT_OUTPUT_TYPE_VALUES: set[SteerChatOutputType] = {
    "DEFAULT",
    "STEERED",
}


def check_steer_chat_output_type(value: str) -> SteerChatOutputType:
    if value in STEER_CHAT_OUTPUT_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {STEER_CHAT_OUTPUT_TYPE_VALUES!r}")
