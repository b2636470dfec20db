from typing import Literal

ReadinessState = Literal["failed", "loading", "ready", "starting"]

READINESS_STATE_VALUES: set[ReadinessState] = {
    "failed",
    "loading",
    "ready",
    "starting",
}


def check_readiness_state(value: str) -> ReadinessState:
    if value in READINESS_STATE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {READINESS_STATE_VALUES!r}")
