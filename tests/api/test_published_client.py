"""The published Python client (`neuronpedia`, unmodified) against our API: every operation that has a route here.

Only its address and the key of a person are set, as its own base class says. Graphs have no routes yet: they are told
so as everything unknown is.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import neuronpedia
import pytest
from neuronpedia import SourceSetRequest, SteerChatRequest, SteerCompletionRequest
from neuronpedia.np_activation import Activation
from neuronpedia.np_explanation import Explanation
from neuronpedia.np_feature import Feature, Logit, SteerFeature
from neuronpedia.np_graph_metadata import NPGraphMetadata
from neuronpedia.np_list import NPList, NPListItem
from neuronpedia.np_model import Model
from neuronpedia.np_sae_feature import SAEFeature
from neuronpedia.np_source_set import SourceSet
from neuronpedia.np_vector import NPVector
from neuronpedia.requests.activation_request import ActivationRequest
from neuronpedia.requests.base_request import NPRequest, NPUnauthorizedError
from neuronpedia.requests.feature_request import FeatureRequest
from neuronpedia.requests.source_activation_request import SourceActivationRequest
from neuronpedia.sample_data import GPT2_SMALL_RES_JB_JEDI_VECTOR
from requests.exceptions import HTTPError
from starlette.applications import Starlette
from starlette.routing import Mount

from memicos_app import worker as site_worker
from memicos_app.api.app import api
from memicos_app.db import session
from memicos_app.library.accounts import keys, users
from memicos_app.library.embedders import minilm, soon
from memicos_app.settings import get_settings
from tests.api.dataset import MODEL, SOURCE
from tests.conftest import settle
from tests.inference_worker import serving

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # Its types are written for an older pydantic.
    from neuronpedia.requests.topk_by_token_request import TopKByTokenRequest

pytestmark = pytest.mark.usefixtures("site")
TEXT = "The cat sat on the mat."
MESSAGES = [{"role": "user", "content": "Say hello."}]


@pytest.fixture(scope="module")
def site(imported: str, served_worker: str) -> Iterator[str]:
    """The API at an address, which the client is told with a person's key; another one's key."""
    mine, other = settle_keys()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INFERENCE_URLS", served_worker)
        patch.setenv("INFERENCE_SERVER_SECRET", serving.SECRET)
        patch.setenv("NEURONPEDIA_API_KEY", mine)
        patch.setenv("ACCESS", "open")
        patch.setattr(minilm, "available", lambda: False)
        get_settings.cache_clear()
        with serving.served(Starlette(routes=[Mount("/api", api)], lifespan=running)) as address:
            patch.setattr(NPRequest, "BASE_URL", f"{address}/api")
            yield other
        get_settings.cache_clear()


def settle_keys() -> list[str]:
    """API keys of two people."""
    made: list[str] = []

    async def join(name: str) -> None:
        made.append((await keys.make((await users.add(name)).id, "client"))[1])
        await session.dispose()

    for name in ("ann", "bob"):
        settle(join(name))
    return made


@asynccontextmanager
async def running(_app: Starlette) -> AsyncIterator[None]:
    await site_worker.start()
    try:
        yield
    finally:
        await soon.settled()
        await site_worker.client().close()
        await site_worker.stop()
        await session.dispose()


@pytest.fixture(scope="module")
def sources(site: str) -> SourceSet:
    """A model and a source set of three layers, made by the client."""
    model = Model.new(id="pup-model-3", layers=3, display_name="Pup Model 3", url="https://example.org/pup")
    assert (model.id, model.layers, model.display_name, model.url) == (
        "pup-model-3",
        3,
        "Pup Model 3",
        "https://example.org/pup",
    )
    return SourceSet.new(name="puppyscope-res-16k", model_id="pup-model-3")


def texts(source: str, index: int) -> list[Activation]:
    address: dict[str, Any] = {"modelId": "pup-model-3", "source": source, "index": index}
    return [
        Activation(**address, tokens=[" good", " dog", "\n<b>"], values=[0.0, 2.5, 0.5]),
        Activation(
            **address, tokens=[" dogs"], values=[1.25], quantileMin=1.0, quantileMax=1.5, quantileFraction=0.25
        ),
    ]


def test_models_and_source_sets(sources: SourceSet) -> None:
    assert (sources.name, sources.model_id, sources.url) == ("puppyscope-res-16k", "pup-model-3", None)
    assert [one.id for one in sources.sources] == [f"{layer}-puppyscope-res-16k" for layer in range(3)]
    assert SourceSet.get("pup-model-3", "puppyscope-res-16k") == sources
    assert SourceSetRequest().get("pup-model-3", "puppyscope-res-16k") == sources
    with pytest.raises(HTTPError, match="There is a model pup-model-3 already"):
        Model.new(id="pup-model-3", layers=3)
    with pytest.raises(HTTPError, match="404"):
        SourceSet.get("pup-model-3", "none")


def test_features_go_up_and_come_back(sources: SourceSet) -> None:
    source = sources.get_source_for_layer_number(1)
    address: dict[str, Any] = {"modelId": "pup-model-3", "source": source.id}
    full = Feature(
        **address,
        index=7,
        density=0.125,
        top_logits=[Logit(" dog", 1.5)],
        bottom_logits=[Logit(" cat", -1.5)],
        explanations=[
            Explanation(**address, index=7, text="dogs", method="np_max-act", explainer_model="gpt-4o-mini")
        ],
        activations=texts(source.id, 7),
    )
    bare = Feature(**address, index=8, activations=texts(source.id, 8))
    assert source.upload_batch([full, bare])["message"] == "2 features created."
    read = Feature.get("pup-model-3", source.id, 7)
    assert (read.modelId, read.source, read.index, read.density) == ("pup-model-3", source.id, "7", 0.125)
    assert read.activations is not None
    assert [(one.tokens, one.values) for one in read.activations] == [
        (one.tokens, one.values) for one in texts(source.id, 7)
    ]
    last = read.activations[1]
    assert (last.quantileMin, last.quantileMax, last.quantileFraction) == (1.0, 1.5, 0.25)
    assert read.explanations == full.explanations
    assert FeatureRequest().get("pup-model-3", source.id, 8).explanations == []
    again = FeatureRequest().upload_batch("pup-model-3", source.id, [full])
    assert (again["skipped"], again["created"]) == ([7], [])
    assert '"pos_str": [" dog"]' in SAEFeature.get("pup-model-3", source.id, "7").jsonData
    with pytest.raises(HTTPError, match=r"400.*features\.0\.activations"):
        source.upload_batch([Feature(**address, index=9)])


def test_imported_features_are_read() -> None:
    read = Feature.get(MODEL, SOURCE, 10)
    assert read.activations is not None
    assert {one.quantileFraction for one in read.activations} == {None}
    assert [one.text for one in read.explanations or []] == ["<b>feature 10</b>"]


def test_activations_of_features() -> None:
    request = ActivationRequest()
    one = request.compute_activation_for_text(MODEL, SOURCE, "10", TEXT)
    assert len(one.tokens) == len(one.values) > 5
    many = request.compute_activation_for_texts(MODEL, SOURCE, "10", [TEXT, "Dogs bark."])
    assert (many[0], len(many)) == (one, 2)
    found = request.compute_all_source_activations_for_text(MODEL, SOURCE, TEXT)
    assert found[0]["activeFeatures"]


def test_searches_by_text() -> None:
    request = SourceActivationRequest()
    best = request.compute_top_features_for_text(MODEL, SOURCE, TEXT, num_results=3)
    assert len(best) == 3
    assert all(len(one.tokens) == len(one.values) for one in best)
    assert request.compute_top_features_for_texts(MODEL, [SOURCE], [TEXT], num_results=3) == [best]
    by_token = TopKByTokenRequest()
    tokens = by_token.compute_top_features_by_token_for_text(MODEL, SOURCE, TEXT, num_results=2)
    assert all(len(one.topFeatures) <= 2 for one in tokens)
    assert tokens[0].topFeatures[0].activationValue > 0
    assert by_token.compute_top_features_by_token_for_texts(MODEL, SOURCE, [TEXT], num_results=2) == [tokens]


def test_vectors() -> None:
    values = [1.0, *[0.0] * 575]
    one = NPVector.new("calm", MODEL, 15, "hook_resid_pre", values, default_steer_strength=12)
    assert (one.label, one.values, one.default_steer_strength) == ("calm", values, 12)
    assert one.hook_name == "blocks.15.hook_resid_pre"
    assert NPVector.get(MODEL, one.source, one.index) == one
    assert one in NPVector.get_owned()
    measured = one.compute_activation_for_text(TEXT)
    assert len(measured.values) == len(measured.tokens) > 5
    assert any(measured.values)
    given = [Activation(MODEL, one.source, int(one.index), tokens=[" calm", " sea"], values=[1.5, 0.25])]
    assert one.upload_activations(given)["message"] == "1 activations kept."
    kept = Feature.get(MODEL, one.source, int(one.index)).activations
    assert kept is not None
    assert [(each.tokens, each.values) for each in kept] == [([" calm", " sea"], [1.5, 0.25])]
    one.delete()
    with pytest.raises(HTTPError, match="404"):
        NPVector.get(MODEL, one.source, one.index)


def test_steering_with_vectors_and_features() -> None:
    one = NPVector.new("calm", MODEL, 15, "hook_resid_pre", [1.0, *[0.0] * 575])
    body = one.steer_completion("Today we")
    assert set(body) >= {"STEERED", "DEFAULT", "shareUrl", "id"}
    assert set(one.steer_chat(MESSAGES)) >= {"STEERED", "DEFAULT", "shareUrl", "id"}
    feature = SteerFeature(MODEL, SOURCE, 10, strength=20)
    short: dict[str, Any] = {"n_tokens": 4}
    assert SteerCompletionRequest().steer_features(MODEL, [feature], "Today we", **short)["STEERED"]
    chat = SteerChatRequest().steer_features(MODEL, [feature], MESSAGES, MESSAGES, **short)
    assert chat["STEERED"]["chatTemplate"][-1]["role"] == "assistant"
    assert SteerChatRequest().steer(MODEL, [one], **short)["shareUrl"]
    one.delete()


def test_lists() -> None:
    made = NPList.new("mine", "what I <b>keep</b>")
    assert (made.name, made.description, made.items) == ("mine", "what I <b>keep</b>", [])
    item = NPListItem(MODEL, SOURCE, "10", "a note")
    assert made.add_items([item]).items == [NPListItem(MODEL, SOURCE, "10")]
    assert NPList.get(made.id) == made
    assert [one.id for one in NPList.get_owned()] == [made.id]
    with pytest.raises(HTTPError, match="404"):
        NPList.get("none")


def test_a_key_says_who_asks(site: str) -> None:
    mine = NPList.new("only mine")
    with neuronpedia.api_key(site):
        assert NPList.get_owned() == []
        with pytest.raises(HTTPError, match="403"):
            mine.add_items([NPListItem(MODEL, SOURCE, "0")])
    with neuronpedia.api_key("sk-mem-none"), pytest.raises(NPUnauthorizedError):
        NPList.get_owned()


def test_the_vector_that_it_ships() -> None:
    """Kept, read, listed and deleted as its own test of vectors does."""
    Model.new(id="gpt2-small", layers=12)
    one = NPVector.new("jedi", "gpt2-small", 6, "hook_resid_pre", GPT2_SMALL_RES_JB_JEDI_VECTOR, 30)
    assert (one.hook_name, len(one.values)) == ("blocks.6.hook_resid_pre", 768)
    assert NPVector.get("gpt2-small", one.source, one.index) == one
    assert one in NPVector.get_owned()
    one.delete()
    assert one not in NPVector.get_owned()


def test_what_has_no_route_here_is_told_so() -> None:
    with pytest.raises(HTTPError, match="404"):
        NPGraphMetadata.list_owned()


BROWSERS = {"open_in_browser"}
WITHIN = {"from_np_db_json", "send_request", "get_url"}
"""What the others call."""
GRAPHS = {"NPGraphMetadata", "GraphRequest"}
"""Attribution graphs have no routes here yet; one of them is asked above and told so."""


def methods() -> set[str]:
    """Every public method of the client's classes, as `Class.method`."""
    found = set()
    folder = Path(neuronpedia.__path__[0])
    for file in folder.rglob("*.py"):
        name = ".".join(("neuronpedia", *file.relative_to(folder).with_suffix("").parts)).removesuffix(".__init__")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = importlib.import_module(name)
        for one in vars(module).values():
            if inspect.isclass(one) and one.__module__ == name and one.__name__ not in GRAPHS:
                public = {each for each in vars(one) if not each.startswith("_") and callable(getattr(one, each))}
                found |= {f"{one.__name__}.{each}" for each in public - BROWSERS - WITHIN}
    return found


def test_every_method_of_it_is_called_here() -> None:
    tree = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    called = {one.attr for one in calls if isinstance(one, ast.Attribute)}
    every = methods()
    assert len(every) > 30
    assert sorted(one for one in every if one.partition(".")[2] not in called) == []
