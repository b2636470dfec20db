from typing import Literal

SteerOutputFinishReasonType0 = Literal["length", "stop"]

STEER_OUTPUT_FINISH_REASON_TYPE_0_VALUES: set[SteerOutputFinishReasonType0] = {
    "length",
    "stop",
}


def check_steer_output_finish_reason_type_0(value: str) -> SteerOutputFinishReasonType0:
    if value in STEER_OUTPUT_FINISH_REASON_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {STEER_OUTPUT_FINISH_REASON_TYPE_0_VALUES!r}")
