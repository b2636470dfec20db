from typing import Literal

SteerOutputType = Literal["DEFAULT", "STEERED"]

STEER_OUTPUT_TYPE_VALUES: set[SteerOutputType] = {
    "DEFAULT",
    "STEERED",
}


def check_steer_output_type(value: str) -> SteerOutputType:
    if value in STEER_OUTPUT_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {STEER_OUTPUT_TYPE_VALUES!r}")
