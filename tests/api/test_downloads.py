"""Pages as files, and datasets as a tar that is an origin."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import httpx
import pytest

from memicos_app.jobs.kinds import export
from memicos_app.library import exports
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.watch import UNWATCHED
from memicos_app.settings import get_settings
from tests.api.dataset import INDICES, MODEL, SOURCE
from tests.api.test_problems import assert_problem

pytestmark = pytest.mark.usefixtures("imported")
PAGE = f"/page/{MODEL}/{SOURCE}"
NAMES = {"model": MODEL, "source": SOURCE}


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()


async def test_a_feature_is_one_file_that_may_do_nothing(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{PAGE}/10")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="{MODEL}_{SOURCE}_10.html"'
    assert answer.headers["content-security-policy"] == "sandbox"
    assert "&lt;b&gt;feature 10&lt;/b&gt;" in answer.text
    assert "<b>feature 10</b>" not in answer.text
    assert "<script" not in answer.text
    assert "default-src &#x27;none&#x27;" in answer.text


async def test_a_source_lists_its_features(client: httpx.AsyncClient) -> None:
    answer = await client.get(PAGE)
    assert answer.text.count('class="f-index"') == len(INDICES)
    assert "features/10.html" not in answer.text, "there are no pages beside it"


async def test_some_features_are_a_zip_whose_pages_lead_to_each_other(client: httpx.AsyncClient) -> None:
    first, second = [await client.get(PAGE, params={"features": "10,4000"}) for _ in range(2)]
    assert first.content == second.content, "the same data gives the same bytes"
    with zipfile.ZipFile(io.BytesIO(first.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["style.css", "index.html", "features/10.html", "features/4000.html"]
        assert 'href="features/10.html"' in archive.read("index.html").decode()
        page = archive.read("features/10.html").decode()
    assert 'href="../style.css"' in page
    assert '<a href="4000.html"' in page


@pytest.mark.parametrize(
    ("address", "status", "field"),
    [
        (f"{PAGE}/11", 404, "index"),
        (f"{PAGE}?features=10,11", 404, "index"),
        (f"{PAGE}?features=ten", 400, "features"),
        (f"{PAGE}?features=9-1", 400, "features"),
        (f"{PAGE}?features=0-500", 400, "features"),
        (f"/page/{MODEL}/16-res-4k", 404, "source_id"),
        (f"/export/{MODEL}/{SOURCE}", 404, "source_id"),
        (f"/export/{MODEL}/..%5C", 400, "source_id"),
    ],
)
async def test_what_is_not_there(client: httpx.AsyncClient, address: str, status: int, field: str) -> None:
    assert assert_problem(await client.get(address), status)["field"] == field


async def test_the_dataset_that_a_job_wrote_is_a_tar(client: httpx.AsyncClient, tmp_path: Path) -> None:
    assert await exports.kept(MODEL, SOURCE) is None
    result = await export.run(UNWATCHED, NAMES)
    assert (result["counts"]["features"], result["target"]) == (3, str(exports.folder()))
    lying = await exports.kept(MODEL, SOURCE)
    assert lying is not None
    assert (lying.size, lying.is_current) == (result["bytes"], True)
    answer = await client.get(f"/export/{MODEL}/{SOURCE}")
    assert answer.headers["content-disposition"] == f'attachment; filename="{MODEL}_{SOURCE}.tar"'
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        assert {(one.mtime, one.uid) for one in archive} == {(0, 0)}
        archive.extractall(tmp_path / "out", filter="data")
    report = await import_source(tmp_path / "out", MODEL, SOURCE, again=True)
    assert (report.n_features, report.n_explanations, report.problems.total) == (3, 3, 0)
    later = await exports.kept(MODEL, SOURCE)
    assert later is not None
    assert not later.is_current, "newer data is here"
