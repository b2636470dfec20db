"""A small imported source to explain, whose features fire each on a word of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from memicos_app.library.autointerp.material import FeatureName
from memicos_app.library.datasets.importing import import_source
from memicos_app.settings import get_settings
from tests.library.datasets.folder import MODEL, SOURCE, Folder, Row, activation, feature

WORDS = ("apple", "river", "tax", "violin", "winter", "bridge", "doctor", "seven")
SHORT_PROMPT = '''
version = "9"
max_tokens = 12
temperature = 0.0
[material]
texts = 3
around = 6
[answer]
longest_words = 20
[question]
system = "Name what the texts have in common."
user = """
Tokens:
{{peaks}}
Texts:
{{texts}}
"""
[[shots]]
user = """
Tokens:
- " dog"
Texts:
- "the dog barks"
"""
answer = "Explanation: dogs"
'''


def name(index: int) -> FeatureName:
    return FeatureName(MODEL, SOURCE, index)


def examples(index: int, word: str) -> list[Row]:
    """Three texts, the strongest twice, and one in which the feature does not fire."""
    return [
        activation(index, ["The", f" {word}", " is", " here"], [0, 8, 0.5, 0]),
        activation(index, ["The", f" {word}", " is", " here"], [0, 8, 0.5, 0]),
        activation(index, ["We", " saw", f" {word}", "s"], [0, 0, 4, 0]),
        activation(index, ["One", f" {word}", " more"], [0, 2, 0]),
        activation(index, ["Nothing", " of", " it"], [0, 0, 0]),
    ]


@pytest.fixture
async def source(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """Eight live features with examples and a dead one; the data folder is the test's own."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    (tmp_path / "data").mkdir()
    made = Folder(tmp_path)
    rows = [feature(index, pos_str=[f" {word}", " and"]) for index, word in enumerate(WORDS)]
    made.batch("features/batch-0", [*rows, feature(len(WORDS), maxActApprox=0)])
    made.batch("activations/batch-0", [row for index, word in enumerate(WORDS) for row in examples(index, word)])
    await import_source(made.write(), MODEL, SOURCE)
    return made


@pytest.fixture
def short_prompt(source: Folder) -> None:
    """A short prompt of a person's own in the place of the one that comes along: the demo model answers it fast."""
    folder = get_settings().data_dir / "prompts"
    folder.mkdir(parents=True)
    (folder / "np_max-act.v9.toml").write_text(SHORT_PROMPT)
