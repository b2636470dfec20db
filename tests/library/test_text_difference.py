"""The marks under words that steering changed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from memicos_app.library.text_difference import Segment, segments


def test_equal_texts_have_no_marks() -> None:
    assert segments("a small white house", "a small white house") == [Segment("a small white house", False)]


def test_changed_words_are_marked_as_one_run() -> None:
    assert segments("a place of horrors, and more", "a small place, and more") == [
        Segment("a", False),
        Segment(" place of horrors,", True),
        Segment(" and more", False),
    ]


def test_words_not_yet_written_do_not_count() -> None:
    assert segments("one two", "one two three four five six seven eight nine ten eleven") == [
        Segment("one two", False)
    ]


def test_white_space_alone_is_no_difference() -> None:
    assert not any(part.differs for part in segments("one\n\ntwo", "one two"))


def test_nothing_written_yet() -> None:
    assert segments("", "anything") == []


@given(st.text(), st.text())
def test_runs_join_to_the_text(text: str, other: str) -> None:
    assert "".join(part.text for part in segments(text, other)) == text
