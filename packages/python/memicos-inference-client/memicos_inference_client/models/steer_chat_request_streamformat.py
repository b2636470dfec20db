from typing import Literal

SteerChatRequestStreamformat = Literal["cumulative", "delta", "text"]

STEER_CHAT_REQUEST_STREAMFORMAT_VALUES: set[SteerChatRequestStreamformat] = {
    "cumulative",
    "delta",
    "text",
}


def check_steer_chat_request_streamformat(value: str) -> SteerChatRequestStreamformat:
    if value in STEER_CHAT_REQUEST_STREAMFORMAT_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {STEER_CHAT_REQUEST_STREAMFORMAT_VALUES!r}")
