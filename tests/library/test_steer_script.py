"""The script of a run, executed, writes what the worker wrote: with plain TransformerLens and SAELens."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from memicos_app.library import side_by_side, steer_script
from memicos_app.library.side_by_side import Wish
from memicos_app.library.steering import ChatTurn, SteerCondition, SteeredFeature, SteeredVector, SteerRequest
from memicos_app.settings import ROOT, get_settings
from tests.inference_worker.serving import MODEL, SOURCE

FEATURES = [SteeredFeature(MODEL, SOURCE, 53, 80.0), SteeredFeature(MODEL, SOURCE, 1621, 20.0)]
ONE = SteeredFeature(MODEL, SOURCE, 53, -9.0)
SAMPLED = {"temperature": 0.8, "top_p": 0.9, "freq_penalty": 0.7, "seed": 5}
REQUEST = SteerRequest(MODEL, "The house at the end of the street was", FEATURES, temperature=0, n_tokens=6)
WAVES = SteeredVector([(-1.0) ** i for i in range(576)], 2.0, "blocks.7.hook_resid_pre")
CHAT = (ChatTurn("user", "Hi!"), ChatTurn("assistant", "<think>Who?</think>Hello."), ChatTurn("user", "Who are you?"))


pytestmark = pytest.mark.usefixtures("inference")


async def written(wish: Wish) -> tuple[str, str, str]:
    """Both texts of the worker, and the script."""
    result = await side_by_side.complete(wish)
    script = await steer_script.script(wish, prepend_bos=result.prepend_bos)
    return result.default.text, result.steered.text, script


async def test_the_script_runs_alone_and_prints_both_texts(tmp_path: Path) -> None:
    default, steered, script = await written(Wish(REQUEST))
    path = tmp_path / "run.py"
    path.write_text(script, encoding="utf-8")
    alone = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, str(path)], cwd=ROOT, env=alone, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"as it is: {default}\n" in done.stdout
    assert f"steered:  {steered}\n" in done.stdout
    assert "memicos_app" not in script
    assert len(script.splitlines()) < 180


@pytest.fixture(scope="module")
def loaded_once(inference: object) -> Iterator[None]:
    """Scripts in this process share the model that the first of them loads; the one above has loaded its own."""
    from transformer_lens.model_bridge import TransformerBridge
    from transformers import AutoModelForCausalLM

    with pytest.MonkeyPatch.context() as patch:
        for kind, name in ((AutoModelForCausalLM, "from_pretrained"), (TransformerBridge, "boot_transformers")):
            patch.setattr(kind, name, once(getattr(kind, name)))
        yield


def once(load: Callable[..., Any]) -> Callable[..., Any]:
    """`load` that gives what it gave the first time, whatever it is asked for."""
    kept: list[Any] = []

    def loaded(*arguments: Any, **options: Any) -> Any:
        if not kept:
            kept.append(load(*arguments, **options))
        return kept[0]

    return loaded


@pytest.mark.usefixtures("loaded_once")
@pytest.mark.parametrize(
    "changes",
    [
        {"steer_method": "ORTHOGONAL_DECOMP", "features": [ONE], "condition": SteerCondition(SOURCE, 10, 0.2)},
        {"steer_method": "PROJECTION_CAP", "features": [ONE], "steer_special_tokens": True},
        {"steer_method": "ABLATION", "features": [ONE], "keep_error": False, "positions": "prompt"},
        {"vectors": [WAVES], "normalize_steering": True, **SAMPLED, "positions": "generated"},
        {"prompt": "", "chat": CHAT, "stop": ["."], "temperature": 0.7},
    ],
    ids=lambda changes: "-".join(changes),
)
async def test_every_option_is_reproduced(changes: dict[str, Any]) -> None:
    request = dataclasses.replace(REQUEST, **changes)
    default, steered, script = await written(Wish(request, request.chat))
    space: dict[str, Any] = {"__name__": "script"}
    exec(compile(script, "run.py", "exec"), space)  # noqa: S102 (our own script is what is tested)
    assert space["generate"](space["RUN"]["steered_prompt"], steer=True) == steered
    assert space["generate"](space["RUN"]["default_prompt"], steer=False) == default


@pytest.mark.usefixtures("database")
async def test_a_public_site_does_not_tell_its_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOST", "0.0.0.0")
    monkeypatch.setenv("SAE_DIR", str(tmp_path))
    get_settings.cache_clear()
    script = await steer_script.script(Wish(REQUEST), prepend_bos=True)
    assert str(tmp_path) not in script
    assert str(ROOT) not in script
    get_settings.cache_clear()
