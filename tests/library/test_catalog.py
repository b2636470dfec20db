"""Models, sets and sources: what is imported, what lies ready on disk, and what is neither."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from memicos_app.db import session
from memicos_app.library import catalog
from memicos_app.library.accounts.person import OWNER, VISITOR, set_person
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.datasets.origins import available_sources, find_source
from memicos_app.library.errors import NotFoundError
from memicos_app.settings import get_settings
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, feature


@pytest.fixture
def folder(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """An origin that the settings name, with one source in it, and an empty folder for SAEs."""
    monkeypatch.setenv("DATASET_ORIGINS", str(tmp_path / "origin"))
    monkeypatch.setenv("SAE_DIR", str(tmp_path / "saes"))
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    made = Folder(tmp_path / "origin")
    made.batch("features/batch-0", [feature(i, frac_nonzero=10.0**-i, maxActApprox=i) for i in range(4)])
    made.batch("activations/batch-0", [activation(i, ["a"], [1.0]) for i in range(4)])
    made.write()
    return made


def put_sae(root: Path, model_id: str, source_id: str, config: dict[str, Any]) -> Path:
    place = root / model_id / source_id
    place.mkdir(parents=True)
    (place / "cfg.json").write_text(json.dumps(config))
    return place


async def test_nothing_at_all(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATASET_ORIGINS", "SAE_DIR", "DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "nothing"))
    get_settings.cache_clear()
    assert await catalog.models() == []
    assert await catalog.releases() == []
    assert await catalog.counts() == {"models": 0, "sources": 0, "features": 0, "explanations": 0}
    with pytest.raises(NotFoundError):
        await catalog.source_sets("toy")


async def test_what_can_be_imported_is_listed(folder: Folder) -> None:
    (model,) = await catalog.models()
    assert (model.id, model.display_name, model.layers, model.n_sources, model.n_features) == ("toy", "Toy", 4, 1, 0)
    (found,) = await catalog.source_sets(MODEL)
    assert (found.name, found.default_range) == ("res-tiny", 2)
    (one,) = found.sources
    assert (one.id, one.layer, one.state, one.n_features, one.n_dashboards) == (SOURCE, 3, "available", 16, 0)
    detail = await catalog.source(MODEL, SOURCE)
    assert (detail.source, detail.skipped) == (one, 0)


async def test_what_is_imported(folder: Folder) -> None:
    folder.cards["source"] |= {
        "num_prompts": 100,
        "num_tokens_in_prompt": 64,
        "dataset": "texts",
        "evaluation": {"l0": 32.0},
        "saelensConfig": {"d_sae": 16, "metadata": {"hook_name": "blocks.3.hook_resid_post"}},
    }
    folder.write()
    (folder.path / "generation.json").write_text('{"dtype": "float32", "n_prompts": 99}')
    (folder.path / "evaluation.json").write_text('{"heldout": {"explained_variance": 0.9}, "training_tokens": 5}')
    await import_source(folder.origin, MODEL, SOURCE)
    detail = await catalog.source(MODEL, SOURCE)
    assert (detail.source.state, detail.source.n_features, detail.source.n_dashboards) == ("ready", 16, 4)
    assert detail.skipped == 12
    assert detail.source.hook_name == "blocks.3.hook_resid_post"
    assert detail.source.evaluation == {"tokens": 5, "explained_variance": 0.9, "l0": 32.0}
    assert detail.made_from == {"dataset": "texts", "n_prompts": 99, "n_tokens_in_prompt": 64, "dtype": "float32"}
    assert sum(detail.density.heights) == 4
    assert sum(detail.max_activation.heights) == 3, "one feature's maximum is 0"
    assert detail.density.values[0] == pytest.approx(-3, abs=0.05)
    (model,) = await catalog.models()
    assert (model.n_features, model.n_sources, model.default_source_id) == (4, 1, SOURCE)
    assert await catalog.counts() == {"models": 1, "sources": 1, "features": 4, "explanations": 0}
    (release,) = await catalog.releases()
    assert (release.name, release.model_ids, release.set_names) == ("toys", [MODEL], ["res-tiny"])


async def test_a_card_that_changes_on_disk_is_read_again(folder: Folder) -> None:
    assert [one.display_name for one in await catalog.models()] == ["Toy"]
    folder.cards["model"]["displayName"] = "Toy, renamed"
    folder.write()
    assert [one.display_name for one in await catalog.models()] == ["Toy, renamed"]


async def test_weights_without_dashboards(folder: Folder, tmp_path: Path) -> None:
    config = {"d_sae": 64, "hook_name": "blocks.5.hook_mlp_out", "metadata": {"l0": 20.0}}
    put_sae(tmp_path / "saes", MODEL, "5-res-tiny", config)
    put_sae(tmp_path / "data" / "saes", "other", "0-mlp", {"d_sae": 8})
    put_sae(tmp_path / "saes", MODEL, SOURCE, {"d_sae": 16})
    put_sae(tmp_path / "saes", MODEL, "6-broken", {}).joinpath("cfg.json").write_text("{")
    assert [(one.id, one.n_sources) for one in await catalog.models()] == [("other", 1), ("toy", 2)]
    found = await catalog.source_set(MODEL, "res-tiny")
    assert [(one.id, one.state) for one in found.sources] == [(SOURCE, "available"), ("5-res-tiny", "weights-only")]
    detail = await catalog.source(MODEL, "5-res-tiny")
    assert (detail.source.n_features, detail.source.hook_name) == (64, "blocks.5.hook_mlp_out")
    assert (detail.source.evaluation, detail.saelens_config) == ({"l0": 20.0}, config)


async def test_names_in_addresses(folder: Folder) -> None:
    assert await catalog.set_or_source(MODEL, "res-tiny") == await catalog.source_set(MODEL, "res-tiny")
    assert await catalog.set_or_source(MODEL, SOURCE) == await catalog.source(MODEL, SOURCE)
    for model_id, name, field in ((MODEL, "none", "name"), ("none", "res-tiny", "model_id")):
        with pytest.raises(NotFoundError) as caught:
            await catalog.set_or_source(model_id, name)
        assert caught.value.field == field
    with pytest.raises(NotFoundError) as caught:
        await catalog.source_set(MODEL, "none")
    assert caught.value.field == "name"


async def test_what_is_not_public_is_not_listed(folder: Folder) -> None:
    await import_source(folder.origin, MODEL, SOURCE)
    async with session.raw_connection() as connection:
        await connection.execute("UPDATE models SET visibility = 'private'")
        await connection.execute("UPDATE releases SET visibility = 'unlisted'")
    set_person(VISITOR)
    assert await catalog.models() == []
    assert await catalog.releases() == []
    set_person(OWNER)
    assert len(await catalog.models()) == len(await catalog.releases()) == 1, "whoever looks after it sees it"
    await import_source(folder.origin, MODEL, SOURCE)
    set_person(VISITOR)
    assert await catalog.releases() == [], "an import does not publish what was hidden here"


def test_origins_are_searched_in_order(folder: Folder, tmp_path: Path) -> None:
    second = Folder(tmp_path / "second")
    second.batch("features/batch-0", [feature(0)])
    second.write()
    (folder.origin / "v1" / "config" / "x").mkdir(parents=True)
    (folder.origin / "v1" / MODEL / "9-empty").mkdir()
    found = available_sources([folder.origin, tmp_path / "none", second.origin])
    assert [(one.model_id, one.source_id, one.origin) for one in found] == [(MODEL, SOURCE, folder.origin)]
    assert found[0].size == sum(path.stat().st_size for path in folder.path.glob("*/batch-*"))
    first = find_source([second.origin, folder.origin], MODEL, SOURCE)
    assert first is not None
    assert first.origin == second.origin
    assert find_source([second.origin], MODEL, "1-other") is None
