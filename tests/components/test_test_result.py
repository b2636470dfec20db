"""The answer of an activation test, packed for the strip."""

from __future__ import annotations

import pytest

from memicos_app.components.test_result import test_groups as groups_of
from memicos_app.components.test_result import took
from memicos_app.library.activations import ActivationTest


def test_one_row_with_its_peak_and_what_does_not_count() -> None:
    found = ActivationTest(
        model_id="m",
        source_id="s",
        index=1,
        tokens=["Solar", " power", " now"],
        token_ids=[1, 2, 3],
        values=[0.0, 13.41, 0.0],
        tokens_is_special=[True, False, False],
        max_value=13.41,
        min_value=0.0,
        max_value_token_index=1,
        prepend_bos=True,
        hook_name="blocks.15.hook_resid_post",
        dtype="float32",
    )
    (group,) = groups_of(found)
    (row,) = group["rows"]
    assert group["title"] == ""
    assert (row["t"], row["p"], row["m"], row["s"], row["v"]) == ("Solar power now", 1, 13.41, [0], [1, 13.41])


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0624, "62 ms"), (0.9994, "999 ms"), (0.9996, "1.0 s"), (12.34, "12.3 s")]
)
def test_time(seconds: float, text: str) -> None:
    assert took(seconds) == text
