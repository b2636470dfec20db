"""Windows from rows, text and documents: BOS in front, no repeats, chosen by seed, refused with a reason."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from inference_worker.dashboards.tokens import CorpusError, bos_id, packed, windows
from inference_worker.engine.model import LanguageModel


@pytest.fixture(scope="module")
def tokenizer(language_model: LanguageModel) -> object:
    return language_model.tokenizer.hf


def saved(folder: Path, rows: object) -> Path:
    path = folder / "rows.npy"
    np.save(path, np.asarray(rows))
    return path


def test_rows_with_bos_are_cut_without_crossing_rows(tmp_path: Path, tokenizer: object) -> None:
    rows = np.concatenate([np.ones((3, 1)), np.arange(100, 121).reshape(3, 7)], axis=1).astype(np.uint16)
    found = windows(saved(tmp_path, rows), tokenizer, context=4, prompts=99)
    assert found.ids.tolist() == [
        [1, 100, 101, 102],
        [1, 103, 104, 105],
        [1, 107, 108, 109],
        [1, 110, 111, 112],
        [1, 114, 115, 116],
        [1, 117, 118, 119],
    ]
    assert found.numbers.tolist() == list(range(6))


def test_rows_without_bos_get_one(tmp_path: Path, tokenizer: object) -> None:
    found = windows(saved(tmp_path, [[100, 101, 102], [103, 104, 105]]), tokenizer, context=4, prompts=99)
    assert found.ids.tolist() == [[1, 100, 101, 102], [1, 103, 104, 105]]


def test_repeated_windows_count_once(tmp_path: Path, tokenizer: object) -> None:
    rows = [[1, 5, 6], [1, 7, 8], [1, 5, 6], [1, 5, 9]]
    found = windows(saved(tmp_path, rows), tokenizer, context=3, prompts=99)
    assert found.ids.tolist() == [[1, 5, 6], [1, 7, 8], [1, 5, 9]]
    assert found.available == 3


def test_choice_is_by_seed_in_the_corpus_order_within_the_pool(tmp_path: Path, tokenizer: object) -> None:
    path = saved(tmp_path, np.arange(20, 1020).reshape(500, 2))
    one = windows(path, tokenizer, context=3, prompts=50, pool=200, seed=1)
    assert len(set(one.numbers.tolist())) == 50
    assert sorted(one.numbers.tolist()) == one.numbers.tolist()
    assert one.numbers.max() < 200
    np.testing.assert_array_equal(one.ids[:, 1], 20 + 2 * one.numbers)
    again = windows(path, tokenizer, context=3, prompts=50, pool=200, seed=1)
    np.testing.assert_array_equal(one.ids, again.ids)
    other = windows(path, tokenizer, context=3, prompts=50, pool=200, seed=2)
    assert one.numbers.tolist() != other.numbers.tolist()


def test_text_and_documents_are_packed_with_an_end_between(
    tmp_path: Path, tokenizer: object, language_model: LanguageModel
) -> None:
    texts = ["The capital of France is Paris, a city of light.", "Water boils at 100 degrees."]
    ids = [language_model.tokenizer.tokenize(text, prepend_bos=False).ids for text in texts]
    stream = [*ids[0], 0, *ids[1], 0]
    expected = [[1, *stream[start : start + 7]] for start in range(0, len(stream) - 6, 7)]
    lines = [json.dumps({"text": texts[0], "id": 1}), "", json.dumps(texts[1])]
    (tmp_path / "documents.jsonl").write_text("\n".join(lines))
    assert windows(tmp_path / "documents.jsonl", tokenizer, context=8, prompts=99).ids.tolist() == expected
    (tmp_path / "ids.jsonl").write_text("\n".join(json.dumps({"input_ids": part}) for part in ids))
    assert windows(tmp_path / "ids.jsonl", tokenizer, context=8, prompts=99).ids.tolist() == expected
    (tmp_path / "one.txt").write_text(texts[0])
    assert windows(tmp_path / "one.txt", tokenizer, context=8, prompts=99).ids[0].tolist() == expected[0]


def test_packing_drops_the_rest() -> None:
    assert packed([[5, 6, 7], [8]], 4, 1, 0).tolist() == [[1, 5, 6, 7], [1, 0, 8, 0]]
    assert packed([[5]], 4, 1, 0).shape == (0, 4)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("missing.npy", None, "no such file"),
        ("corpus.csv", "a,b", "is .npy, .txt, .jsonl or .parquet"),
        ("broken.npy", "not numpy", "broken.npy"),
        ("broken.jsonl", '{"text": ', "line 1"),
        ("odd.jsonl", '{"text": "fine"}\n{"text": 3}', "line 2: neither text nor token ids"),
        ("odd.jsonl", '{"text": "fine"}\n{"body": 3}', "line 2: no column of text or token ids"),
        ("short.txt", "too short", "no window of 64 tokens"),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, tokenizer: object, name: str, content: str | None, reason: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(CorpusError, match=reason):
        windows(tmp_path / name, tokenizer, context=64, prompts=1)


def test_rows_must_be_ids_in_two_dimensions(tmp_path: Path, tokenizer: object) -> None:
    for rows in (np.zeros(5, dtype=np.int32), np.zeros((2, 5))):
        with pytest.raises(CorpusError, match="two dimensions"):
            windows(saved(tmp_path, rows), tokenizer, context=4, prompts=1)
    with pytest.raises(CorpusError, match="context"):
        windows(saved(tmp_path, [[1, 2]]), tokenizer, context=1, prompts=1)


def test_a_bos_id_of_zero_is_a_bos() -> None:
    class Zero:
        bos_token_id, eos_token_id = 0, 7

    class OnlyEnd:
        bos_token_id, eos_token_id = None, 7

    class Neither:
        bos_token_id, eos_token_id = None, None

    assert bos_id(Zero()) == 0
    assert bos_id(OnlyEnd()) == 7
    with pytest.raises(CorpusError, match="neither"):
        bos_id(Neither())


def test_documents_of_parquet_are_those_of_jsonl(tmp_path: Path, tokenizer: object) -> None:
    texts = [f"document number {number}, with words in it" for number in range(50)]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps({"other": "x", "text": text}) + "\n" for text in texts))
    table = pyarrow.table({"other": ["x"] * 51, "text": [*texts[:25], None, *texts[25:]]})
    pyarrow.parquet.write_table(table, tmp_path / "c.parquet", row_group_size=7)
    found = [windows(tmp_path / f"c.{kind}", tokenizer, context=8, prompts=99) for kind in ("jsonl", "parquet")]
    np.testing.assert_array_equal(found[0].ids, found[1].ids)


def test_a_column_is_chosen_by_name(tmp_path: Path, tokenizer: object) -> None:
    rows = [{"text": "what is usual here", "story": f"story {number} of many, many words"} for number in range(20)]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "c.parquet")
    for kind in ("jsonl", "parquet"):
        found = windows(tmp_path / f"c.{kind}", tokenizer, context=8, prompts=99, column="story")
        assert "story" in tokenizer.decode(found.ids[0])  # type: ignore[attr-defined]
        with pytest.raises(CorpusError, match=r"no column “tale” \(there is text, story\)"):
            windows(tmp_path / f"c.{kind}", tokenizer, context=8, prompts=99, column="tale")


def test_parquet_that_cannot_be_used(tmp_path: Path, tokenizer: object) -> None:
    (tmp_path / "c.parquet").write_bytes(b"PAR1 is how it begins")
    with pytest.raises(CorpusError, match=r"c\.parquet"):
        windows(tmp_path / "c.parquet", tokenizer, context=8, prompts=9)
    pyarrow.parquet.write_table(pyarrow.table({"number": [1, 2]}), tmp_path / "d.parquet")
    with pytest.raises(CorpusError, match=r"name one \(there is number\)"):
        windows(tmp_path / "d.parquet", tokenizer, context=8, prompts=9)
    with pytest.raises(CorpusError, match="neither text nor token ids"):
        windows(tmp_path / "d.parquet", tokenizer, context=8, prompts=9, column="number")
