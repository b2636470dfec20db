"""Numbers as people read them."""

from __future__ import annotations

import pytest

from memicos_app.components.figures import EVALUATION, amount, count, figure, pairs, share, value


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (0, "0 %"),
        (0.006, "0.600 %"),
        (0.000012345, "0.00123 %"),
        (0.125, "12.5 %"),
        (1, "100 %"),
        (0.0999, "9.990 %"),
    ],
)
def test_a_share_keeps_three_digits_that_count(part: float, text: str) -> None:
    assert share(part) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(950, "950"), (4_096, "4,096"), (16_384, "16.4k"), (10_000_000, "10.0M"), (2_500_000_000, "2.5B")],
)
def test_large_amounts_in_short(number: int, text: str) -> None:
    assert amount(number) == text


def test_a_count_is_cut_into_thousands() -> None:
    assert count(1_048_576) == "1,048,576"


@pytest.mark.parametrize(("number", "text"), [(26.923, "26.92"), (0, "0.00"), (0.0123, "0.012"), (0.1, "0.10")])
def test_an_activation_never_reads_as_zero_when_it_is_not(number: float, text: str) -> None:
    assert value(number) == text


@pytest.mark.parametrize(
    ("name", "number", "text"),
    [
        ("explained_variance", 0.8431, "0.843"),
        ("l0", 32.04, "32.0"),
        ("dead_share", 0.004, "0.400 %"),
        ("tokens", 10_000_000, "10,000,000"),
        ("apply_b_dec_to_input", True, "yes"),
        ("architecture", "jumprelu", "jumprelu"),
    ],
)
def test_figures_of_a_source(name: str, number: object, text: str) -> None:
    assert figure(name, number) == text


def test_known_figures_come_first_and_unknown_ones_keep_their_name() -> None:
    known = {"seed": 3, "l0": 32.0, "explained_variance": 0.84, "missing": None, "metadata": {"a": 1}}
    assert pairs(known, EVALUATION) == [
        ("explained variance", "0.840"),
        ("active features a token (L0)", "32"),
        ("seed", "3"),
    ]
