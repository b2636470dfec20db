"""Deduplication, order, the held-out share and the packing of the demo's corpus."""

from __future__ import annotations

import numpy as np

from demo.corpus import (
    Tokens,
    is_held_out,
    packed,
    row_sources,
    shuffled,
    within_budget,
    without_repeats,
)
from demo.texts import Document

BOILERPLATE = "Party to the protocol of 1987 on the ozone layer."


def _texts(*paragraphs: str) -> list[Document]:
    return [Document("factbook", f"country {number}", (text,)) for number, text in enumerate(paragraphs)]


def test_a_paragraph_is_kept_once_whatever_its_digits_case_and_spaces() -> None:
    texts = _texts(
        BOILERPLATE, "  party to the PROTOCOL of 2026\n on the ozone layer. ", "Something else entirely, and longer."
    )
    assert [text.title for text in without_repeats(texts)] == ["country 0", "country 2"]


def test_short_paragraphs_may_repeat() -> None:
    assert len(list(without_repeats(_texts("[Exeunt.]", "[Exeunt.]")))) == 2


def test_the_rest_of_a_document_survives_its_repeated_paragraph() -> None:
    texts = [Document("a", "1", (BOILERPLATE,)), Document("a", "2", (BOILERPLATE, "Its own paragraph."))]
    assert list(without_repeats(texts))[1].paragraphs == ("Its own paragraph.",)


def test_order_depends_on_names_alone() -> None:
    texts = _texts(*(f"paragraph {number}" for number in range(50)))
    assert shuffled(texts) == shuffled(texts[::-1])
    assert shuffled(texts) != texts


def test_about_one_document_in_fifty_is_held_out() -> None:
    share = sum(is_held_out("wikipedia", f"article {number}") for number in range(5000)) / 5000
    assert 0.015 < share < 0.025


def test_a_source_ends_with_the_document_that_fills_its_budget() -> None:
    texts = [Tokens(source, str(number), [20] * 10) for number in range(4) for source in ("a", "b")]
    kept = list(within_budget(texts, {"a": 15, "b": 100}))
    assert [text.source for text in kept].count("a") == 2
    assert [text.source for text in kept].count("b") == 4


def test_rows_begin_with_bos_and_hold_every_token_once_and_in_order() -> None:
    documents = [list(range(100, 105)), list(range(200, 203)), list(range(300, 309))]
    rows = packed(documents, context=6)
    assert rows.dtype == np.uint16
    assert rows.shape == (4, 6)
    assert (rows[:, 0] == 1).all()
    stream = [*documents[0], 0, *documents[1], 0, *documents[2], 0]
    assert rows[:, 1:].reshape(-1).tolist() == stream[:20]


def test_each_row_is_named_by_the_source_of_most_of_its_tokens() -> None:
    texts = [Tokens("a", "1", [100] * 7), Tokens("b", "1", [200] * 11)]
    assert len(row_sources(texts, context=6)) == len(packed((text.ids for text in texts), context=6))
    assert row_sources(texts, context=6) == ["a", "a", "b", "b"]
