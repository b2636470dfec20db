"""The client package in `packages/python`: made from the description of today, and working against the worker."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import memicos_inference_client
import pytest
from memicos_inference_client import AuthenticatedClient, Client, models
from memicos_inference_client.api.activations import activation_single
from memicos_inference_client.api.state import capabilities, health, ready
from memicos_inference_client.api.tokens import tokenize
from memicos_inference_client.api.util import sae_vector

from inference_worker.wire.base import SECRET_HEADER
from scripts import client as generation
from tests.inference_worker.serving import MODEL, SECRET, SOURCE

README = generation.PACKAGE.parent / "README.md"


@pytest.fixture
def worker(worker_url: str) -> Iterator[AuthenticatedClient]:
    made = AuthenticatedClient(worker_url, token=SECRET, prefix="", auth_header_name=SECRET_HEADER)
    with made as opened:
        yield opened


def test_it_was_generated_from_this_description_and_not_edited() -> None:
    made = json.loads(generation.GENERATED.read_text(encoding="utf-8"))
    assert made["description"] == generation.digest([generation.DESCRIPTION]), "run `make client`"
    assert made["files"] == generation.digest(generation.files()), "run `make client`"


def test_it_calls_every_operation() -> None:
    described = re.findall(r"^      operationId: (\w+)$", generation.DESCRIPTION.read_text(encoding="utf-8"), re.M)
    modules = {path.stem for path in (generation.PACKAGE / "api").glob("*/*.py")} - {"__init__"}
    assert modules == set(described)


def test_state(worker: AuthenticatedClient, worker_url: str) -> None:
    with Client(worker_url) as anyone:
        assert isinstance(health.sync(client=anyone), models.Health)
    state = ready.sync(client=worker)
    assert isinstance(state, models.Readiness)
    assert state.ready
    served = capabilities.sync(client=worker)
    assert isinstance(served, models.Capabilities)
    assert SOURCE in served.sources


async def test_tokens_blocking_and_not(worker: AuthenticatedClient) -> None:
    body = models.TokenizeRequest(model=MODEL, text="Hello", prepend_bos=False)
    answer = tokenize.sync(client=worker, body=body)
    assert isinstance(answer, models.TokenizeResponse)
    assert answer.token_strings == ["Hello"]
    async with worker as opened:
        assert await tokenize.asyncio(client=opened, body=body) == answer


def test_activations_and_vectors(worker: AuthenticatedClient) -> None:
    body = models.ActivationSingleRequest(model=MODEL, source=SOURCE, index=4044, prompt="The treaty of 1648")
    answer = activation_single.sync(client=worker, body=body)
    assert isinstance(answer, models.ActivationSingleResponse)
    assert len(answer.activation.values) == len(answer.tokens)
    vector = sae_vector.sync(client=worker, body=models.FeatureVectorRequest(model=MODEL, source=SOURCE, index=4044))
    assert isinstance(vector, models.FeatureVectorResponse)
    assert len(vector.vector) == 576


def test_refusals_are_problems(worker: AuthenticatedClient, worker_url: str) -> None:
    answer = sae_vector.sync_detailed(
        client=worker, body=models.FeatureVectorRequest(model=MODEL, source="99-none", index=1)
    )
    assert answer.status_code == 404
    assert isinstance(answer.parsed, models.Problem)
    assert answer.parsed.field == "source"
    with AuthenticatedClient(worker_url, token="x", prefix="", auth_header_name=SECRET_HEADER) as stranger:
        refused = tokenize.sync(client=stranger, body=models.TokenizeRequest(model=MODEL, text="x"))
    assert isinstance(refused, models.Problem)
    assert refused.error == "unauthorized"


def test_the_lines_of_its_readme_run(worker_url: str) -> None:
    code = re.findall(r"```python\n(.+?)```", README.read_text(encoding="utf-8"), re.S)[0]
    code = code.replace("http://127.0.0.1:5002", worker_url).replace("the secret", SECRET)
    folder = str(Path(memicos_inference_client.__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": folder}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert "token_strings=['<|im_start|>', 'Hello']" in run.stdout, run.stderr


def test_it_installs_by_itself(tmp_path: Path) -> None:
    source = shutil.copytree(README.parent, tmp_path / "source")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    command += ["--target", str(tmp_path / "here"), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    assert (tmp_path / "here" / "memicos_inference_client" / "py.typed").is_file()
    metadata = next((tmp_path / "here").glob("*.dist-info/METADATA")).read_text(encoding="utf-8")
    assert "License-Expression: Apache-2.0" in metadata
    assert "Version: 1.0.0" in metadata
