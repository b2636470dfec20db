"""SAELens's registry: which ids there are, what a hub of our own gives, and what is said where none is reached."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from fastapi import FastAPI
from fastapi.responses import FileResponse, Response
from safetensors.torch import save_file

from inference_worker.engine.errors import Pending, Unknown, Unusable
from inference_worker.engine.registry import RegistryId, fetch, find
from inference_worker.engine.saes import LoadedSae
from inference_worker.engine.shelf import SaeShelf
from tests.inference_worker import serving

COMMIT = "0123456789012345678901234567890123456789"
REPO, HOOK = "jbloom/GPT2-Small-SAEs-Reformatted", "blocks.5.hook_resid_pre"
GPT2 = RegistryId("gpt2-small-res-jb", HOOK)


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub, which cannot be reached."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "hub"


def write_repository(folder: Path) -> Path:
    """What the hub has of a small SAE of gpt2-small's width, as old as the real one."""
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    shapes = {"W_enc": (768, 6), "W_dec": (6, 768), "b_enc": (6,), "b_dec": (768,)}
    save_file({name: torch.randn(shape) for name, shape in shapes.items()}, folder / "sae_weights.safetensors")
    config = {"d_in": 768, "d_sae": 6, "dtype": "torch.float32", "hook_point": HOOK, "model_name": "gpt2-small"}
    (folder / "cfg.json").write_text(json.dumps(config))
    return folder


def fill(cache: Path) -> None:
    """Put it where the hub's client keeps a download."""
    repository = cache / f"models--{REPO.replace('/', '--')}"
    write_repository(repository / "snapshots" / COMMIT / HOOK)
    save_file({"sparsity": torch.zeros(6)}, repository / "snapshots" / COMMIT / HOOK / "sparsity.safetensors")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)


@contextmanager
def slow_hub(folder: Path, seconds: float) -> Iterator[str]:
    """A hub that has the files of a folder and thinks for a while before each answer; its address."""
    app = FastAPI()

    @app.api_route("/{repository:path}/resolve/main/{name:path}", methods=["GET", "HEAD"])
    def answer(name: str) -> Response:
        time.sleep(seconds)
        path = folder / Path(name).name
        if not path.is_file():
            return Response(status_code=404, headers={"x-error-code": "EntryNotFound", "x-repo-commit": COMMIT})
        return FileResponse(path, headers={"x-repo-commit": COMMIT, "etag": f'"{name}"'})

    with serving.served(app) as url:
        yield url


def test_a_set_has_the_public_sites_ids() -> None:
    found = find(["res-jb"], ["gpt2-small"])
    assert found["5-res-jb"] == GPT2
    assert sorted(found, key=lambda source: int(source.partition("-")[0])) == [f"{n}-res-jb" for n in range(13)]


@pytest.mark.parametrize(
    ("wanted", "model", "source_id", "expected"),
    [
        (
            "gemmascope-res-16k",
            "gemma-2-2b",
            "20-gemmascope-res-16k",
            RegistryId("gemma-scope-2b-pt-res-canonical", "layer_20/width_16k/canonical"),
        ),
        (
            "llamascope-slimpj-res-32k",
            "deepseek-r1-distill-llama-8b",
            "15-llamascope-slimpj-res-32k",
            RegistryId("llama_scope_r1_distill", "l15r_800m_slimpajama"),
        ),
        ("gpt2-small-res-jb", "anything", "5-res-jb", GPT2),
        ("gpt2-small-res-jb:blocks.5.hook_resid_pre", "anything", "5-res-jb", GPT2),
        (
            "pythia-70m-deduped-res-sm:blocks.2.hook_resid_post",
            "pythia-70m-deduped",
            "2-res-sm",
            RegistryId("pythia-70m-deduped-res-sm", "blocks.2.hook_resid_post"),
        ),
        (
            "gpt2-small-mlp-tm:blocks.3.hook_mlp_out",
            "gpt2-small",
            "3-gpt2-small-mlp-tm__blocks.3.hook_mlp_out",
            RegistryId("gpt2-small-mlp-tm", "blocks.3.hook_mlp_out"),
        ),
    ],
)
def test_sets_releases_and_single_ids(wanted: str, model: str, source_id: str, expected: RegistryId) -> None:
    assert find([wanted], [model])[source_id] == expected


def test_what_the_registry_does_not_know() -> None:
    assert find(["res-4k"], ["smollm2-135m-it"]) == {}
    assert find(["no-such-set"], ["gpt2-small"]) == {}


def test_a_cached_sae_is_read_without_a_network(hub_cache: Path) -> None:
    fill(hub_cache)
    loaded = fetch(GPT2, "5-res-jb", device="cpu")
    assert (loaded.hook_name, loaded.d_in, loaded.d_sae) == ("blocks.5.hook_resid_pre", 768, 6)
    assert loaded.is_centred
    assert torch.allclose(loaded.sae.W_dec.norm(dim=1), torch.ones(6))


def test_the_sentence_where_the_hub_cannot_be_reached(hub_cache: Path) -> None:
    with pytest.raises(Unusable) as caught:
        fetch(GPT2, "5-res-jb", device="cpu")
    assert (
        "has to be downloaded from the Hugging Face hub (jbloom/GPT2-Small-SAEs-Reformatted)" in caught.value.message
    )
    assert "cannot be reached" in caught.value.message


def test_published_pickles_are_refused() -> None:
    with pytest.raises(Unusable, match="published as a pickle"):
        fetch(RegistryId("gpt2-small-hook-z-kk", "blocks.0.hook_z"), "0-att-kk", device="cpu")


def test_a_shelf_serves_folders_first_and_the_registry_after(hub_cache: Path, tmp_path: Path) -> None:
    fill(hub_cache)
    shelf = SaeShelf([tmp_path], "gpt2-small", 768, sets=["res-jb"], include=["^[56]-"])
    assert shelf.sources() == ["5-res-jb", "6-res-jb"]
    assert patient(shelf, "5-res-jb").d_sae == 6
    assert shelf.resident == ["5-res-jb"]
    with pytest.raises(Unusable, match="cannot be reached"):
        patient(shelf, "6-res-jb")
    with pytest.raises(Unknown):
        shelf.get("7-res-jb")


def test_a_download_goes_on_beside_other_work(
    hub_cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    shelf = SaeShelf([tmp_path], "gpt2-small", 768, sets=["res-jb"])
    with slow_hub(write_repository(tmp_path / "files"), 0.5) as url:
        monkeypatch.setattr(constants, "ENDPOINT", url)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}"
        )
        with pytest.raises(Pending, match="5-res-jb is being downloaded") as caught:
            shelf.get("5-res-jb")
        assert caught.value.retry_after > 0
        assert patient(shelf, "5-res-jb").d_sae == 6
    assert (hub_cache / f"models--{REPO.replace('/', '--')}" / "snapshots" / COMMIT / HOOK / "cfg.json").is_file()


def patient(shelf: SaeShelf, source_id: str) -> LoadedSae:
    """As a caller does who asks again."""
    found: list[LoadedSae] = []

    def there() -> bool:
        try:
            found.append(shelf.get(source_id))
        except Pending:
            return False
        return True

    serving.until(there, 60)
    return found[0]
