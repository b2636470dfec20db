from typing import Literal

CapabilitiesSteerMethodsItem = Literal["ABLATION", "ORTHOGONAL_DECOMP", "PROJECTION_CAP", "SIMPLE_ADDITIVE"]

CAPABILITIES_STEER_METHODS_ITEM_VALUES: set[CapabilitiesSteerMethodsItem] = {
    "ABLATION",
    "ORTHOGONAL_DECOMP",
    "PROJECTION_CAP",
    "SIMPLE_ADDITIVE",
}


def check_capabilities_steer_methods_item(value: str) -> CapabilitiesSteerMethodsItem:
    if value in CAPABILITIES_STEER_METHODS_ITEM_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CAPABILITIES_STEER_METHODS_ITEM_VALUES!r}")
