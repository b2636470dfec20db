"""Marks stand on the words that the search compares, in whatever form they are written."""

from __future__ import annotations

import pytest

from memicos_app.library.explanation_marks import Piece, marked


@pytest.mark.parametrize(
    ("query", "text", "marks"),
    [
        ("run", "a Running dog runs", ["Running", "runs"]),
        ("kitchens", "“kitchen” sinks", ["kitchen"]),
        ("court ruling", "rulings of a COURT, of courts", ["rulings", "COURT", "courts"]),
        ("été", "l'été à Paris", ["été"]),
        ("<b>", "the <b>bold</b> tag", ["b", "b"]),
        ("</", "the <b>bold</b> tag", ["</"]),
        ("zebra", "no such animal", []),
        ("the", "the cat and the dog", ["the", "the"]),
        ("a'b\\ & !c:*", "a b c", ["b", "c"]),
        ("x", "", []),
    ],
)
@pytest.mark.usefixtures("database")
async def test_marked_words(query: str, text: str, marks: list[str]) -> None:
    (pieces,) = await marked(query, [text])
    assert "".join(piece.text for piece in pieces) == text
    assert [piece.text for piece in pieces if piece.marked] == marks


@pytest.mark.usefixtures("database")
async def test_several_texts_at_once() -> None:
    assert await marked("dogs", ["dog", "cat"]) == [[Piece("dog", marked=True)], [Piece("cat")]]
    assert await marked("dogs", []) == []
