from typing import Literal

Casing = Literal["camel", "snake"]

CASING_VALUES: set[Casing] = {
    "camel",
    "snake",
}


def check_casing(value: str) -> Casing:
    if value in CASING_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CASING_VALUES!r}")
