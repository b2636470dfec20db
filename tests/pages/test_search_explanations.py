"""Search results are features with their examples, shown by the explanation that was found."""

from __future__ import annotations

from memicos_app.library import features
from memicos_app.pages.search_explanations import found, told, with_rows
from tests.api import dataset


async def test_hits_come_with_their_examples(imported: str) -> None:
    (hit, *_) = await features.search_text(dataset.MODEL, "feature", 5)
    (pair, *_) = await with_rows([hit])
    assert pair[1].index == hit.index
    assert pair[1].explanation == hit.explanation
    assert pair[1].tokens


async def test_words_that_nobody_wrote(imported: str) -> None:
    assert await found("zzzzzzzz") == []


def test_how_many() -> None:
    assert (told(0), told(1), told(7), told(100)) == (
        "0 features",
        "1 feature",
        "7 features",
        "the first 100 features",
    )
