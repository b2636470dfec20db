from typing import Literal

CapabilitiesLensTypesItem = Literal["JACOBIAN_LENS", "LOGIT_LENS"]

CAPABILITIES_LENS_TYPES_ITEM_VALUES: set[CapabilitiesLensTypesItem] = {
    "JACOBIAN_LENS",
    "LOGIT_LENS",
}


def check_capabilities_lens_types_item(value: str) -> CapabilitiesLensTypesItem:
    if value in CAPABILITIES_LENS_TYPES_ITEM_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CAPABILITIES_LENS_TYPES_ITEM_VALUES!r}")
