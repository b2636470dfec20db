from typing import Literal

SteerChatRequestTypesItem = Literal["DEFAULT", "STEERED"]

STEER_CHAT_REQUEST_TYPES_ITEM_VALUES: set[SteerChatRequestTypesItem] = {
    "DEFAULT",
    "STEERED",
}


def check_steer_chat_request_types_item(value: str) -> SteerChatRequestTypesItem:
    if value in STEER_CHAT_REQUEST_TYPES_ITEM_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {STEER_CHAT_REQUEST_TYPES_ITEM_VALUES!r}")
