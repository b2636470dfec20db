from typing import Literal

ContrastRequestMeasure = Literal["mean", "peak", "share"]

CONTRAST_REQUEST_MEASURE_VALUES: set[ContrastRequestMeasure] = {
    "mean",
    "peak",
    "share",
}


def check_contrast_request_measure(value: str) -> ContrastRequestMeasure:
    if value in CONTRAST_REQUEST_MEASURE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CONTRAST_REQUEST_MEASURE_VALUES!r}")
