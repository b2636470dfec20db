"""The kinds of work over a real source: what they write, and that a killed embedding goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from memicos_app.jobs import kinds
from memicos_app.library import jobs
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.errors import BadInputError
from memicos_app.library.query import row
from tests.jobs.conftest import Start, until
from tests.jobs.test_process import Drain, state
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, explanation, feature

N = 96
PLACE = {"model": MODEL, "source": SOURCE}


@pytest.fixture
async def source(house: str, tmp_path: Path) -> str:
    """A source whose explanations have no vectors."""
    folder = Folder(tmp_path / "origin")
    folder.batch("features/batch-0", [feature(i) for i in range(N)])
    folder.batch("activations/batch-0", [activation(i, [f" word{i}"], [1.0]) for i in range(N)])
    texts = [" ".join(["mentions of animals that somebody keeps at home"] * 8 + [str(i)]) for i in range(N)]
    folder.batch("explanations/batch-0", [explanation(i, text) for i, text in enumerate(texts)])
    await import_source(folder.write(), MODEL, SOURCE)
    return f"{MODEL}/{SOURCE}"


async def embedded() -> tuple[int, int]:
    """Vectors, and explanations that have one."""
    counts = "count(*) AS n, count(DISTINCT explanation_number) AS m"
    found = await row(f"SELECT {counts} FROM explanation_embeddings WHERE embedder_id = 1")
    assert found is not None
    return found["n"], found["m"]


def test_every_module_of_the_folder_is_a_kind_that_runs() -> None:
    assert {"embed", "import", "top_tokens"} <= set(kinds.names())
    for name in kinds.names():
        assert callable(kinds.find(name))
    with pytest.raises(BadInputError, match="There is no kind of job 'os'"):
        kinds.find("os")


async def test_top_tokens_are_written_and_counted(source: str, drain: Drain) -> None:
    number = (await jobs.ask("top_tokens", PLACE, title="Explain", subject=source)).id
    await drain()
    one = await jobs.job(number)
    assert (one.state, one.result, one.step) == ("done", {"written": N}, "explaining")
    assert (one.done, one.total) == (N, N)


async def test_what_is_not_imported_is_refused(house: str, drain: Drain) -> None:
    number = (await jobs.ask("top_tokens", {"model": "no", "source": "where"}, title="Explain")).id
    await drain()
    assert (await jobs.job(number)).error == "Source no/where is not imported."


async def test_a_killed_embedding_goes_on_with_what_is_left(source: str, start: Start) -> None:
    number = (await jobs.ask("embed", PLACE, title="Embed", subject=source)).id
    first = start()

    async def begun() -> bool:
        return 0 < (await embedded())[0] < N

    await until(begun, "some vectors", seconds=90)
    first.kill()
    first.wait()
    kept = (await embedded())[0]
    assert 0 < kept < N
    start()
    one = await state(number, "done", seconds=90)
    assert one.result == {"embedded": N - kept, "embedder": "all-minilm-l6-v2"}
    assert await embedded() == (N, N)
