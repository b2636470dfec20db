from typing import Literal

SteerCompletionRequestPositions = Literal["all", "generated", "prompt"]

STEER_COMPLETION_REQUEST_POSITIONS_VALUES: set[SteerCompletionRequestPositions] = {
    "all",
    "generated",
    "prompt",
}


def check_steer_completion_request_positions(value: str) -> SteerCompletionRequestPositions:
    if value in STEER_COMPLETION_REQUEST_POSITIONS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {STEER_COMPLETION_REQUEST_POSITIONS_VALUES!r}")
