"""Every architecture that SAELens loads, on real activations of two models: our numbers are SAELens's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from inference_worker.engine.changes import Ablation
from inference_worker.engine.encode import encode
from inference_worker.engine.errors import Unusable
from inference_worker.engine.generate import generate
from inference_worker.engine.model import LanguageModel
from inference_worker.engine.saes import LoadedSae, load_sae
from inference_worker.engine.sampling import Sampling
from inference_worker.engine.steer import Steering
from tests.inference_worker import plain, tiny

FEATURES = 48
TEXT = "Of the treaty of 1648."
ARCHITECTURES: list[tuple[str, dict[str, Any]]] = [
    ("standard", {}),
    ("gated", {}),
    ("jumprelu", {}),
    ("topk", {"k": 5}),
    ("topk", {"k": 5, "rescale_acts_by_decoder_norm": True}),
    ("abstopk", {"k": 5}),
    ("matching_pursuit", {"max_iterations": 8}),
    ("temporal", {"n_heads": 2, "bottleneck_factor": 8, "kval_topk": 5}),
    ("standard", {"normalize_activations": "layer_norm"}),
    ("jumprelu", {"normalize_activations": "constant_norm_rescale"}),
    ("standard", {"apply_b_dec_to_input": False}),
]
TRANSCODERS = ["transcoder", "skip_transcoder", "jumprelu_transcoder", "jumprelu_skip_transcoder"]


@pytest.fixture(scope="module")
def small() -> LanguageModel:
    return tiny.engine().model


@pytest.fixture(params=["demo", "small"])
def model(request: pytest.FixtureRequest, language_model: LanguageModel, small: LanguageModel) -> LanguageModel:
    return language_model if request.param == "demo" else small


def saved(folder: Path, architecture: str, d_in: int, hook: str, *, training: bool = False, **options: Any) -> Path:
    """A random SAE of any architecture, saved by SAELens itself."""
    plain.saelens()
    from sae_lens.registry import get_sae_class, get_sae_training_class
    from sae_lens.saes.sae import SAEMetadata

    kind, configuration = (get_sae_training_class if training else get_sae_class)(architecture)
    torch.manual_seed(3)
    metadata = SAEMetadata(hook_name=hook, **options.pop("metadata", {}))
    made = kind(configuration(d_in=d_in, d_sae=FEATURES, metadata=metadata, **options))
    for name, parameter in made.named_parameters():
        torch.nn.init.uniform_(parameter, 0.0 if name == "threshold" else -0.4, 0.4)
    made.save_model(folder)
    return folder


def activation(model: LanguageModel, hook: str) -> tuple[torch.Tensor, torch.Tensor]:
    """What the model has at a hook point on a text, and the text's ids; positions that count only."""
    ids = torch.tensor([model.tokenizer.tokenize(TEXT, prepend_bos=False).ids])
    return model.capture(ids, [hook])[hook], ids


def ours(loaded: LoadedSae, seen: torch.Tensor, ids: torch.Tensor, **options: Any) -> torch.Tensor:
    return encode(seen, ids, loaded, frozenset(), **options)


@torch.inference_mode()
def theirs(folder: Path, seen: torch.Tensor) -> torch.Tensor:
    from sae_lens import SAE

    return torch.as_tensor(SAE.load_from_disk(folder, dtype="float32").encode(seen))


def width(model: LanguageModel, hook: str) -> int:
    return activation(model, hook)[0].flatten(2).shape[-1]


def agree(loaded: LoadedSae, seen: torch.Tensor, ids: torch.Tensor, expected: torch.Tensor) -> None:
    found = ours(loaded, seen, ids)
    assert expected.any()
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5 * float(expected.abs().max()))
    for index in (0, int(expected.abs().amax((0, 1)).argmax())):
        one = ours(loaded, seen, ids, features=[index])[..., 0]
        torch.testing.assert_close(one, expected[..., index], rtol=1e-4, atol=1e-5 * float(expected.abs().max()))


@pytest.mark.parametrize(("architecture", "options"), ARCHITECTURES, ids=str)
def test_residual_saes(model: LanguageModel, tmp_path: Path, architecture: str, options: dict[str, Any]) -> None:
    hook = "blocks.1.hook_resid_post"
    folder = saved(tmp_path / "1-x", architecture, model.d_model, hook, **options)
    seen, ids = activation(model, hook)
    loaded = load_sae(folder, "1-x")
    assert loaded.architecture == architecture
    agree(loaded, seen, ids, theirs(folder, seen))


@pytest.mark.parametrize("hook", ["blocks.1.hook_mlp_out", "blocks.1.mlp.hook_post", "blocks.1.hook_attn_out"])
def test_saes_elsewhere_in_the_block(model: LanguageModel, tmp_path: Path, hook: str) -> None:
    folder = saved(tmp_path / "1-x", "jumprelu", width(model, hook), hook)
    seen, ids = activation(model, hook)
    agree(load_sae(folder, "1-x"), seen, ids, theirs(folder, seen))


@pytest.mark.parametrize("architecture", ["standard", "jumprelu", "gated"])
def test_attention_saes_read_all_heads_as_one(model: LanguageModel, tmp_path: Path, architecture: str) -> None:
    hook = "blocks.1.attn.hook_z"
    folder = saved(tmp_path / "1-x", architecture, width(model, hook), hook, reshape_activations="hook_z")
    seen, ids = activation(model, hook)
    assert seen.dim() == 4
    loaded = load_sae(folder, "1-x")
    assert loaded.is_attention
    agree(loaded, seen, ids, theirs(folder, seen))
    assert torch.equal(ours(loaded, seen.flatten(2), ids), ours(loaded, seen, ids))


@pytest.mark.parametrize("architecture", TRANSCODERS)
def test_transcoders_read_here_and_write_there(model: LanguageModel, tmp_path: Path, architecture: str) -> None:
    hook, out = "blocks.1.ln2.hook_normalized", "blocks.1.hook_mlp_out"
    folder = saved(
        tmp_path / "1-x",
        architecture,
        model.d_model,
        hook,
        d_out=model.d_model,
        apply_b_dec_to_input=False,
        metadata={"hook_name_out": out},
    )
    seen, ids = activation(model, hook)
    loaded = load_sae(folder, "1-x")
    assert (loaded.is_transcoder, loaded.steer_hook_name) == (True, out)
    assert model.has_hook_point(out)
    agree(loaded, seen, ids, theirs(folder, seen))


@pytest.mark.parametrize("keep_error", [True, False], ids=["with its error", "without"])
@pytest.mark.parametrize("architecture", TRANSCODERS)
@torch.inference_mode()
def test_a_transcoders_feature_is_ablated_where_it_writes(
    model: LanguageModel, tmp_path: Path, architecture: str, keep_error: bool
) -> None:
    """Read before the MLP, taken out behind it; without the error the MLP is replaced by the transcoder."""
    hook, out = "blocks.1.ln2.hook_normalized", "blocks.1.hook_mlp_out"
    options = {"d_out": model.d_model, "apply_b_dec_to_input": False, "metadata": {"hook_name_out": out}}
    loaded = load_sae(saved(tmp_path / "1-x", architecture, model.d_model, hook, **options), "1-x")
    (read, ids), (written, _) = activation(model, hook), activation(model, out)
    acts = theirs(tmp_path / "1-x", read)
    index = int(acts[0, 1:].amax(0).argmax())
    own = acts[..., [index]] * loaded.sae.W_dec[index]
    expected = (written if keep_error else loaded.sae(read)) - own
    expected[:, 0] = written[:, 0]  # the text's first position is not steered
    row = Steering((Ablation(out, loaded, {index: 1.0}, keep_error),))
    seen: list[torch.Tensor] = []
    list(generate(model, ids[0].tolist(), [row], Sampling(1), on_logits=seen.append))
    by_hand = model.logits(ids, hooks={out: lambda _: expected})
    assert not torch.allclose(by_hand, model.logits(ids), atol=1e-3)
    torch.testing.assert_close(seen[0], by_hand, atol=5e-3, rtol=1e-3)


@pytest.mark.parametrize("architecture", ["batchtopk", "matryoshka_batchtopk"])
def test_saes_saved_while_training(model: LanguageModel, tmp_path: Path, architecture: str) -> None:
    """They become what SAELens itself saves for inference."""
    hook = "blocks.1.hook_resid_post"
    matryoshka = {"matryoshka_widths": [8, FEATURES]} if architecture.startswith("matryoshka") else {}
    folder = saved(tmp_path / "1-x", architecture, model.d_model, hook, training=True, k=4, **matryoshka)
    from sae_lens import TrainingSAE

    TrainingSAE.load_from_disk(folder).save_inference_model(tmp_path / "inference")
    seen, ids = activation(model, hook)
    loaded = load_sae(folder, "1-x")
    assert loaded.architecture == "jumprelu"
    agree(loaded, seen, ids, theirs(tmp_path / "inference", seen))


@pytest.mark.parametrize(("architecture", "options"), ARCHITECTURES[:5], ids=str)
def test_a_feature_adds_its_activation_times_its_direction(
    model: LanguageModel, tmp_path: Path, architecture: str, options: dict[str, Any]
) -> None:
    """What a strength is measured in: the reconstruction is the sum over features, folded or not."""
    hook = "blocks.1.hook_resid_post"
    seen, ids = activation(model, hook)
    for metadata in ({}, {"fold_decoder_norm": True}):
        folder = saved(
            tmp_path / str(metadata), architecture, model.d_model, hook, metadata=metadata, **dict(options)
        )
        loaded = load_sae(folder, "1-x")
        directions = torch.stack([loaded.direction(index) for index in range(FEATURES)])
        total = ours(loaded, seen, ids) @ directions + loaded.sae.b_dec
        from sae_lens import SAE

        expected = SAE.load_from_disk(folder)(seen)
        torch.testing.assert_close(total, expected, rtol=1e-4, atol=1e-4 * float(expected.detach().abs().max()))
        if metadata and architecture != "topk":
            assert torch.allclose(directions.norm(dim=1), torch.ones(FEATURES))


def test_an_input_that_training_scaled_is_scaled(small: LanguageModel, tmp_path: Path) -> None:
    hook = "blocks.1.hook_resid_post"
    scaled = {"normalize_activations": "expected_average_only_in"}
    folder = saved(tmp_path / "1-x", "jumprelu", small.d_model, hook, **scaled)
    with pytest.raises(Unusable, match="expected_average_only_in"):
        load_sae(folder, "1-x")
    (folder / "activation_scaler.json").write_text('{"scaling_factor": 0.25, "has_whitening": false}')
    seen, ids = activation(small, hook)
    agree(load_sae(folder, "1-x"), seen, ids, theirs(folder, seen * 0.25))


def test_an_input_that_training_whitened_is_whitened(small: LanguageModel, tmp_path: Path) -> None:
    hook = "blocks.1.hook_resid_post"
    folder = saved(tmp_path / "1-x", "standard", small.d_model, hook, normalize_activations="covariance_whitening")
    with pytest.raises(Unusable, match="covariance_whitening"):
        load_sae(folder, "1-x")
    from sae_lens.training.activation_scaler import ActivationScaler, ActivationWhitening

    torch.manual_seed(4)
    matrix, mean = torch.randn(small.d_model, small.d_model), torch.randn(small.d_model)
    ActivationScaler(None, ActivationWhitening(mean, matrix, torch.linalg.inv(matrix))).save(
        str(folder / "activation_scaler.json")
    )
    seen, ids = activation(small, hook)
    expected = theirs(folder, (seen - mean) @ matrix)
    torch.testing.assert_close(ours(load_sae(folder, "1-x"), seen, ids), expected, rtol=1e-3, atol=1e-2)


def test_a_model_with_centred_weights_is_met_by_centring(small: LanguageModel, tmp_path: Path) -> None:
    """gpt2-small's res-jb was trained on such a model; with LayerNorm, centring the residual is the same."""
    hook = "blocks.1.hook_resid_pre"
    metadata = {"model_from_pretrained_kwargs": {"center_writing_weights": True}}
    with pytest.warns(UserWarning, match="model_from_pretrained_kwargs"):
        folder = saved(tmp_path / "1-x", "standard", small.d_model, hook, metadata=metadata)
    seen, ids = activation(small, hook)
    loaded = load_sae(folder, "1-x")
    assert loaded.is_centred
    with pytest.warns(UserWarning, match="model_from_pretrained_kwargs"):
        expected = theirs(folder, seen - seen.mean(-1, keepdim=True))
    agree(loaded, seen, ids, expected)


@pytest.mark.parametrize(("architecture", "options"), [*ARCHITECTURES[:7], ("jumprelu_transcoder", None)], ids=str)
def test_sixteen_bits_kept_in_memory_give_the_same_numbers(
    small: LanguageModel, tmp_path: Path, architecture: str, options: dict[str, Any] | None
) -> None:
    hook = "blocks.1.hook_resid_post"
    if options is None:
        options = {"d_out": small.d_model, "apply_b_dec_to_input": False}
    folder = saved(tmp_path / "1-x", architecture, small.d_model, hook, dtype="bfloat16", **options)
    seen, ids = activation(small, hook)
    wide, narrow = load_sae(folder, "1-x"), load_sae(folder, "1-x", keep_narrow=True)
    assert {p.dtype for p in narrow.sae.parameters()} == {torch.bfloat16}
    assert narrow.n_bytes * 2 == wide.n_bytes
    for features in (None, [3, 1], slice(2, 9)):
        found = ours(narrow, seen, ids, features=features)
        assert found.dtype == torch.float32
        tolerance = 1e-5 if not options.get("rescale_acts_by_decoder_norm") else 2e-2
        expected = ours(wide, seen, ids, features=features)
        torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance * float(expected.abs().max() + 1))
    assert {p.dtype for p in narrow.sae.parameters()} == {torch.bfloat16}


def test_an_sae_of_another_width_is_refused_when_it_meets_the_model(small: LanguageModel, tmp_path: Path) -> None:
    hook = "blocks.1.hook_mlp_out"
    loaded = load_sae(saved(tmp_path / "1-x", "standard", 16, hook), "1-x")
    seen, ids = activation(small, hook)
    with pytest.raises(Unusable, match=r"reads 16 dimensions, but the model has 32 at blocks\.1\.hook_mlp_out"):
        ours(loaded, seen, ids)
