from typing import Literal

SteerChatRequestPositions = Literal["all", "generated", "prompt"]

STEER_CHAT_REQUEST_POSITIONS_VALUES: set[SteerChatRequestPositions] = {
    "all",
    "generated",
    "prompt",
}


def check_steer_chat_request_positions(value: str) -> SteerChatRequestPositions:
    if value in STEER_CHAT_REQUEST_POSITIONS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {STEER_CHAT_REQUEST_POSITIONS_VALUES!r}")
