"""Foreign text in one line: nothing hidden, nothing turned around, nothing endless."""

from __future__ import annotations

from memicos_app.components.visible_text import in_lines, one_line


def test_direction_controls_are_named() -> None:
    assert one_line("pay \u202egnihton\u202c\u2066x\u2069") == "pay ‹RLO›gnihton‹PDF›‹LRI›x‹PDI›"


def test_controls_and_zero_width_characters_are_named() -> None:
    assert one_line("a\x00b\u200bc\ufeffd\te\nf") == "a‹0›b‹ZWSP›c‹BOM›d⇥e↵f"


def test_ordinary_text_of_any_script_stays() -> None:
    for text in ("שלום", "नमस्ते", "👩‍🔬 café", '<img src=x onerror="x">'):
        assert one_line(text) == text


def test_long_text_is_cut() -> None:
    assert one_line("x" * 5000, 80) == "x" * 80 + "…"


def test_prose_keeps_its_lines_and_hides_nothing_in_them() -> None:
    assert in_lines(" first\r\n\n\n\nsec\u202eond \u2028third\n", 80) == "first\n\nsec‹RLO›ond\nthird"
    assert in_lines("one\ntwo", 5) == "one\nt…"
