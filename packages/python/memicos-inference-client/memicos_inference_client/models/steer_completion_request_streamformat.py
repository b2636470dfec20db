from typing import Literal

SteerCompletionRequestStreamformat = Literal["cumulative", "delta", "text"]

STEER_COMPLETION_REQUEST_STREAMFORMAT_VALUES: set[SteerCompletionRequestStreamformat] = {
    "cumulative",
    "delta",
    "text",
}


def check_steer_completion_request_streamformat(value: str) -> SteerCompletionRequestStreamformat:
    if value in STEER_COMPLETION_REQUEST_STREAMFORMAT_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {STEER_COMPLETION_REQUEST_STREAMFORMAT_VALUES!r}")
