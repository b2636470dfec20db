"""The form for an SAE of one's own: what is typed is checked, what is right becomes a job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from memicos_app.library import jobs
from memicos_app.library.accounts.person import VISITOR, set_person
from memicos_app.pages.add import BEGIN, FIELDS, AddState, checked, size_words
from memicos_app.settings import get_settings
from tests.library.test_sae_folders import write
from tests.pages.conftest import state_of

MODEL = '{"n_embd": 8, "n_layer": 4, "n_head": 2}'


@pytest.fixture
def values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A form that is filled in rightly."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text(MODEL)
    (tmp_path / "texts.txt").write_text("some text")
    metadata = {"hook_name": "blocks.3.hook_resid_post", "model_name": "another"}
    sae = write(tmp_path / "sae", metadata=metadata)
    yield {
        **BEGIN,
        "sae": str(sae),
        "model": str(tmp_path / "model"),
        "set_name": "mine",
        "corpus": str(tmp_path / "texts.txt"),
    }
    get_settings.cache_clear()


def test_what_is_known_of_a_folder(values: dict[str, str]) -> None:
    facts, notes, wrong = checked(values)
    assert not any(wrong.values())
    assert dict(facts) == {
        "source": "model/3-mine",
        "kind": "Residual stream",
        "architecture": "standard",
        "hook": "blocks.3.hook_resid_post",
        "layer": "3",
        "width": "8",
        "features": "12",
    }
    assert notes == [
        "The SAE says it was trained on another; it is used with model.",
        "Its metadata has no sink_norm: where the model has attention sinks, they count like other positions.",
    ]


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"sae": "/no/where"}, "sae", "/no/where is not there."),
        ({"corpus": "/no/where.txt"}, "corpus", "There is no corpus /no/where.txt."),
        ({"set_name": "a b"}, "set_name", "“a b” is no name"),
        ({"prompts": "many"}, "prompts", "valid integer"),
        ({"context": "1"}, "context", "greater than or equal to 2"),
        ({"hook": "blocks.1.hook_resid_pre"}, "hook", "The SAE reads at blocks.3.hook_resid_post"),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    values: dict[str, str], change: dict[str, str], field: str, said: str
) -> None:
    facts, _, wrong = checked({**values, **change})
    assert said in wrong[field]
    assert [name for name in FIELDS if wrong[name]] == [field]
    assert bool(facts) == (field not in ("sae", "hook")), "what can be known is shown all the same"


def test_how_much_the_model_will_read() -> None:
    assert size_words({"prompts": "24576", "context": "64"}) == "1,572,864 tokens at most"
    assert size_words({"prompts": "many", "context": "64"}) == ""


async def test_sent_it_is_a_job_and_what_is_wrong_is_none(imported: str, values: dict[str, str]) -> None:
    state = await state_of(AddState)
    await AddState.load.fn(state)
    assert await AddState.send.fn(state, {**values, "set_name": ""}) is not None
    assert "name its set" in state.wrong["set_name"]
    assert not await jobs.jobs(kind="add")
    told = await AddState.send.fn(state, values)
    (job,) = await jobs.jobs(kind="add")
    assert job.title == "Add model/3-mine"
    assert job.subject == "model/3-mine"
    assert f"/admin/jobs/{job.id}" in str(told)


async def test_only_the_owner_adds(imported: str, values: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "0.0.0.0")
    get_settings.cache_clear()
    set_person(VISITOR)
    state = await state_of(AddState)
    await AddState.load.fn(state)
    assert not state.may_edit
    await AddState.send.fn(state, {**values, "set_name": "theirs"})
    assert "Sign in" in state.problem
    assert not [job for job in await jobs.jobs(kind="add") if "theirs" in job.title]


async def test_a_source_that_is_served_fills_the_form(
    imported: str, values: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_ID", values["model"])
    get_settings.cache_clear()
    folder = write(tmp_path / "data" / "saes" / "model" / "3-wide__l0-30")
    state = await state_of(AddState)
    await state._begin("model", "3-wide__l0-30")
    assert (state.begin["sae"], state.begin["model"]) == (str(folder), values["model"])
    assert ("source", "model/3-wide__l0-30") in state.facts
    await AddState.send.fn(state, {**state.begin, "corpus": values["corpus"]})
    assert [job.subject for job in await jobs.jobs(kind="add", limit=1)] == ["model/3-wide__l0-30"]
    await state._begin("model", "9-none")
    assert state.problem == "No weights of model/9-none lie here."
