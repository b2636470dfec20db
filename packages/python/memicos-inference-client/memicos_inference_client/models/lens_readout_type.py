from typing import Literal

LensReadoutType = Literal["JACOBIAN_LENS", "LOGIT_LENS"]

LENS_READOUT_TYPE_VALUES: set[LensReadoutType] = {
    "JACOBIAN_LENS",
    "LOGIT_LENS",
}


def check_lens_readout_type(value: str) -> LensReadoutType:
    if value in LENS_READOUT_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LENS_READOUT_TYPE_VALUES!r}")
