from typing import Literal

LensPromptRequestTypeItem = Literal["JACOBIAN_LENS", "LOGIT_LENS"]

LENS_PROMPT_REQUEST_TYPE_ITEM_VALUES: set[LensPromptRequestTypeItem] = {
    "JACOBIAN_LENS",
    "LOGIT_LENS",
}


def check_lens_prompt_request_type_item(value: str) -> LensPromptRequestTypeItem:
    if value in LENS_PROMPT_REQUEST_TYPE_ITEM_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LENS_PROMPT_REQUEST_TYPE_ITEM_VALUES!r}")
