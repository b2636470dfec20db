from typing import Literal

TemplateSpanSection = Literal["content", "footer", "header", "scaffold"]

TEMPLATE_SPAN_SECTION_VALUES: set[TemplateSpanSection] = {
    "content",
    "footer",
    "header",
    "scaffold",
}


def check_template_span_section(value: str) -> TemplateSpanSection:
    if value in TEMPLATE_SPAN_SECTION_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {TEMPLATE_SPAN_SECTION_VALUES!r}")
