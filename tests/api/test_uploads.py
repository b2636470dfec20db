"""Uploads over the API: features, batch files as they are, texts of vectors; and what is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from memicos_app.api.app import LARGER_BODIES, MEBI
from memicos_app.library.embedders import minilm, soon
from memicos_app.library.query import rows
from memicos_app.settings import get_settings
from tests.api.test_problems import assert_problem

BATCH = Path(__file__).parents[1] / "data" / "saedashboard-batch-0.json"
ACTIVATION: dict[str, Any] = {"tokens": [" a", "<b>\x00"], "values": [0.5, 2.0]}
FEATURE: dict[str, Any] = {
    "index": 3,
    "density": 0.25,
    "topLogits": [{"token": " yes", "value": 1.5}],
    "bottomLogits": [{"token": " no", "value": -1.5}],
    "explanations": [{"text": "about dogs", "methodName": "np_max-act", "modelName": "gpt-4o-mini"}],
    "activations": [{**ACTIVATION, "quantileMin": 0.5, "quantileMax": 2.0, "quantileFraction": 0.75}],
}
ADDRESS = {"modelId": "pup", "source": "1-res"}


@pytest.fixture
async def source(client: httpx.AsyncClient, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "available", lambda: False)
    await client.post("/model/new", json={"id": "pup", "layers": 2, "dimension": 3})
    await client.post("/source-set/new", json={"name": "res", "modelId": "pup"})


async def send(client: httpx.AsyncClient, *features: dict[str, Any], **more: Any) -> httpx.Response:
    return await client.post("/feature/upload-batch", json={**ADDRESS, "features": features, **more})


@pytest.mark.usefixtures("source")
async def test_a_feature_is_sent_and_read(client: httpx.AsyncClient) -> None:
    second = {"index": "7", "density": None, "topLogits": None, "bottomLogits": None, "activations": [ACTIVATION]}
    body = (await send(client, FEATURE, {**second, "explanations": []})).json()
    assert (body["message"], body["created"]) == ("2 features created.", [3, 7])
    assert body["url"] == "http://site.example/pup/1-res"
    read = (await client.get("/feature/pup/1-res/3")).json()
    assert (read["frac_nonzero"], read["maxActApprox"]) == (0.25, 2.0)
    assert (read["pos_str"], read["pos_values"], read["neg_str"], read["neg_values"]) == (
        [" yes"],
        [1.5],
        [" no"],
        [-1.5],
    )
    (kept,) = read["activations"]
    assert (kept["tokens"], kept["values"], kept["source"]) == (*ACTIVATION.values(), "1-res")
    assert (kept["binMin"], kept["binMax"], kept["binContains"]) == (0.5, 2.0, 0.75)
    (said,) = read["explanations"]
    assert (said["description"], said["typeName"], said["explanationModelName"], said["source"]) == (
        "about dogs",
        "np_max-act",
        "gpt-4o-mini",
        "1-res",
    )
    assert (await client.get("/feature/pup/1-res/7")).json()["frac_nonzero"] == -1


@pytest.mark.usefixtures("source")
async def test_sending_again_changes_nothing_until_asked(client: httpx.AsyncClient) -> None:
    await send(client, FEATURE)
    again = (await send(client, {**FEATURE, "density": 0.5})).json()
    assert (again["message"], again["skipped"]) == ("0 features created, 1 were there already.", [3])
    assert (await client.get("/feature/pup/1-res/3")).json()["frac_nonzero"] == 0.25
    asked = (await send(client, {**FEATURE, "density": 0.5}, replace=True)).json()
    assert (asked["replaced"], asked["created"]) == ([3], [])
    assert (await client.get("/feature/pup/1-res/3")).json()["frac_nonzero"] == 0.5


@pytest.mark.usefixtures("source")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"index": -1}, "features.0.index"),
        ({"index": 10_000_001}, "features.0.index"),
        ({"density": 1.5}, "features.0.density"),
        ({"topLogits": [{"token": "a", "value": 0.0}] * 21}, "features.0.topLogits"),
        ({"topLogits": [{"token": "a"}]}, "features.0.topLogits.0.value"),
        ({"explanations": [{"text": ""}]}, "features.0.explanations.0.text"),
        ({"activations": []}, "features.0.activations"),
        ({"activations": [{"tokens": ["a"], "values": []}]}, "features.0.activations.0.values"),
        ({"activations": [{"tokens": ["a"], "values": [1, 2]}]}, "features.0.activations.0"),
        ({"activations": [{**ACTIVATION, "quantileFraction": 2}]}, "features.0.activations.0.quantileFraction"),
        ({"colour": "red"}, "features.0.colour"),
    ],
)
async def test_what_cannot_be_names_its_field(client: httpx.AsyncClient, change: dict[str, Any], field: str) -> None:
    assert assert_problem(await send(client, {**FEATURE, **change}), 400)["field"] == field
    assert await rows("SELECT * FROM features") == []


@pytest.mark.usefixtures("source")
async def test_batches_have_bounds(client: httpx.AsyncClient) -> None:
    assert assert_problem(await send(client), 400)["field"] == "features"
    many = [{**FEATURE, "index": index, "explanations": []} for index in range(129)]
    assert assert_problem(await send(client, *many), 400)["field"] == "features"
    assert len((await send(client, *many[:128])).json()["created"]) == 128
    assert assert_problem(await send(client, FEATURE, FEATURE), 400)["field"] == "features.1.index"
    elsewhere = await client.post(
        "/feature/upload-batch", json={"modelId": "pup", "source": "9-res", "features": [FEATURE]}
    )
    assert assert_problem(elsewhere, 404)["field"] == "source"
    large = LARGER_BODIES["/feature/upload-batch"]
    answer = await client.post("/feature/upload-batch", content=b" " * 16, headers={"content-length": str(large + 1)})
    assert assert_problem(answer, 413)["error"] == "too_large"


async def test_explanations_are_embedded_at_once(client: httpx.AsyncClient, database: str) -> None:
    await client.post("/model/new", json={"id": "pup", "layers": 2})
    await client.post("/source-set/new", json={"name": "res", "modelId": "pup"})
    await send(client, FEATURE)
    await soon.settled()
    assert len(await rows("SELECT * FROM explanation_embeddings")) == 1


async def test_a_batch_file_as_it_is(
    client: httpx.AsyncClient, database: str, tmp_path: Path, settings: Path
) -> None:
    content = BATCH.read_bytes()
    body = (await client.post("/upload/batch", params={"name": "batch-0.json"}, content=content)).json()
    assert (body["modelId"], body["source"], body["nFeatures"], body["dead"], body["known"]) == (
        "gpt2-small",
        "0-res-jb",
        1,
        [1],
        False,
    )
    assert (body["created"], body["message"]) == ([0], "1 features created, 1 are dead.")
    again = (await client.post("/upload/batch", content=content)).json()
    assert (again["known"], again["message"], again["dead"]) == (True, "The file is here already.", [1])
    assert (await client.get("/feature/gpt2-small/0-res-jb/0")).json()["activations"]
    assert list(settings.iterdir()) == [], "nothing is left on disk"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Uploads go to a folder of the test's, at most 1 MiB each; the folder."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("UPLOAD_LIMIT_MB", "1")
    get_settings.cache_clear()
    folder = get_settings().uploads_dir
    folder.mkdir(parents=True)
    return folder


@pytest.mark.usefixtures("database")
async def test_files_that_are_refused(client: httpx.AsyncClient, settings: Path) -> None:
    wrong = assert_problem(await client.post("/upload/batch", params={"name": "<b>.json"}, content=b"{}"), 400)
    assert (wrong["field"], "<b>.json is not a SAEDashboard batch" in wrong["message"]) == ("file", True)
    other = {"modelId": "gpt2-small", "source": "1-res-jb"}
    answer = await client.post("/upload/batch", params=other, content=BATCH.read_bytes())
    assert "is of gpt2-small/0-res-jb" in assert_problem(answer, 400)["message"]
    answer = await client.post("/upload/batch", params={"modelId": "gpt2-small"}, content=b"{}")
    assert assert_problem(answer, 400)["field"] == "source"

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * (MEBI // 16)

    for content in (b" " * (MEBI + 1), pieces()):
        assert assert_problem(await client.post("/upload/batch", content=content), 413)["error"] == "too_large"
    assert list(settings.iterdir()) == []


@pytest.mark.usefixtures("source")
async def test_texts_of_a_vector(client: httpx.AsyncClient) -> None:
    new = {"modelId": "pup", "layerNumber": 1, "hookType": "hook_resid_pre", "vector": [1, 0, 0], "vectorLabel": "x"}
    one = (await client.post("/vector/new", json=new)).json()["vector"]
    address = {"modelId": "pup", "source": one["source"], "index": one["index"]}
    for count in (2, 1):
        body = {**address, "activations": [ACTIVATION] * count}
        answer = await client.post("/activation/upload-batch", json=body)
        assert answer.json() == {"message": f"{count} activations kept."}
    (kept,) = (await client.post("/activation/get", json=address)).json()
    assert (kept["tokens"], kept["values"]) == tuple(ACTIVATION.values())
    read = (await client.get(f"/feature/pup/{one['source']}/{one['index']}")).json()
    assert (read["vector"], read["vectorLabel"], read["hookName"]) == ([1, 0, 0], "x", "blocks.1.hook_resid_pre")
    assert (await client.get(f"/feature/pup/{one['source']}/{one['index']}/vector")).json()["norm"] == 1
    elsewhere = {**address, "index": 1, "activations": [ACTIVATION]}
    assert assert_problem(await client.post("/activation/upload-batch", json=elsewhere), 404)["field"] == "index"
    feature = {**ADDRESS, "index": 3, "activations": [ACTIVATION]}
    assert_problem(await client.post("/activation/upload-batch", json=feature), 404)
