from typing import Literal

Priority = Literal["batch", "interactive"]

PRIORITY_VALUES: set[Priority] = {
    "batch",
    "interactive",
}


def check_priority(value: str) -> Priority:
    if value in PRIORITY_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PRIORITY_VALUES!r}")
