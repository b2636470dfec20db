from typing import Literal

LensMetaTypesItem = Literal["JACOBIAN_LENS", "LOGIT_LENS"]

LENS_META_TYPES_ITEM_VALUES: set[LensMetaTypesItem] = {
    "JACOBIAN_LENS",
    "LOGIT_LENS",
}


def check_lens_meta_types_item(value: str) -> LensMetaTypesItem:
    if value in LENS_META_TYPES_ITEM_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LENS_META_TYPES_ITEM_VALUES!r}")
