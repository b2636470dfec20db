from typing import Literal

SteerChatOutputFinishReasonType0 = Literal["length", "stop"]

STEER_CHAT_OUTPUT_FINISH_REASON_TYPE_0_VALUES: set[SteerChatOutputFinishReasonType0] = {
    "length",
    "stop",
}


def check_steer_chat_output_finish_reason_type_0(value: str) -> SteerChatOutputFinishReasonType0:
    if value in STEER_CHAT_OUTPUT_FINISH_REASON_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {STEER_CHAT_OUTPUT_FINISH_REASON_TYPE_0_VALUES!r}")
