"""The generator as a process: it tells how far it is, ends when it is told to, and started again it goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from memicos_app.library.generating import GenerationFailed, generate
from memicos_app.library.watch import Level, Stopped
from memicos_app.settings import get_settings
from tests.inference_worker import tiny


class Watching:
    """Keeps what is told; with `stop_at` it stops the work as soon as that step is told."""

    def __init__(self, stop_at: str = "") -> None:
        self.steps: list[str] = []
        self.lines: list[str] = []
        self.children: list[psutil.Process] = []
        self._stop_at = stop_at

    def tell(self, step: str, done: float, total: float, unit: str = "") -> None:
        if step not in self.steps:
            self.steps.append(step)

    def log(self, text: str, level: Level = "info") -> None:
        self.lines.append(text)

    async def checkpoint(self) -> None:
        self.children = generators() or self.children
        if self._stop_at in self.steps:
            raise Stopped


def generators() -> list[psutil.Process]:
    """Generators that this process has started and that run."""
    children = psutil.Process().children(recursive=True)
    return [one for one in children if one.status() != psutil.STATUS_ZOMBIE and "--json-progress" in one.cmdline()]


@pytest.fixture
def arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Of a small run with the tiny model."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    texts = [f"text number {n} of a corpus that is small" for n in range(60)]
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts))
    yield [
        f"--sae={tiny.folder() / 'saes' / tiny.MODEL / '0-res'}",
        f"--model={tiny.folder() / tiny.MODEL}",
        "--set=mine",
        f"--corpus={tmp_path / 'corpus.jsonl'}",
        "--context=16",
        "--prompts=40",
        "--processes=1",
    ]
    get_settings.cache_clear()


async def test_stopped_it_ends_and_started_again_it_goes_on(arguments: list[str], tmp_path: Path) -> None:
    stopped = Watching(stop_at="correlations")
    with pytest.raises(Stopped):
        await generate(arguments, stopped)
    assert stopped.children
    assert not generators()
    assert list((tmp_path / "data").rglob("shard-*.safetensors")), "what was done is kept"
    done = Watching()
    folder = await generate(arguments, done)
    assert done.steps == ["loading the model", "reading the corpus", "activations", "correlations", "dashboards"]
    assert folder == tmp_path / "data" / "datasets" / "v1" / tiny.MODEL / "0-mine"
    assert (folder / "source.jsonl").is_file()


async def test_what_the_generator_refuses_is_its_own_sentence(arguments: list[str]) -> None:
    with pytest.raises(GenerationFailed, match="prompts must be at least 1"):
        await generate([*arguments, "--prompts=0"], Watching())
