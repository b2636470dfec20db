from typing import Literal

SteerCompletionRequestTypesItem = Literal["DEFAULT", "STEERED"]

STEER_COMPLETION_REQUEST_TYPES_ITEM_VALUES: set[SteerCompletionRequestTypesItem] = {
    "DEFAULT",
    "STEERED",
}


def check_steer_completion_request_types_item(value: str) -> SteerCompletionRequestTypesItem:
    if value in STEER_COMPLETION_REQUEST_TYPES_ITEM_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {STEER_COMPLETION_REQUEST_TYPES_ITEM_VALUES!r}")
