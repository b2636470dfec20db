"""`memicos generate`: dashboards for the features of an SAE, from flags or, without any, by asking."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from memicos_app.settings import ROOT, get_settings

DEMO_CORPUS = ROOT / "demo" / "datasets" / "corpus.npy"
_MOST_PROCESSES = 4
"""Each holds the model, about a gigabyte for the demo's."""


Sae = Annotated[Path | None, typer.Option(help="Folder of the SAE in SAELens format.")]
Model = Annotated[str | None, typer.Option(help="Packaged id, folder, or TransformerLens name. Default: MODEL_ID.")]
Source = Annotated[str | None, typer.Option(help="Id, {layer}-{set}. Default: as the SAE's cfg.json says.")]
Set = Annotated[str | None, typer.Option("--set", help="Source set (SAE id). Default: from the source.")]
Corpus = Annotated[
    Path | None, typer.Option(help="Token rows (.npy), text (.txt) or documents (.jsonl). Default: the demo's.")
]
Dataset = Annotated[str, typer.Option(help="What the corpus is called. Default: its file name.")]
Context = Annotated[int, typer.Option("--context", help="Tokens of a prompt, BOS included.")]
Prompts = Annotated[int, typer.Option(help="Prompts to select from the corpus.")]
Batches = Annotated[int | None, typer.Option(help="Sample from so many batches only. Default: from all.")]
BatchPrompts = Annotated[int, typer.Option(help="Prompts of a batch, one forward pass.")]
Threshold = Annotated[
    float, typer.Option(help="Skip features whose log10 density is lower. Dead ones are always skipped.")
]
FeaturesPerBatch = Annotated[int, typer.Option(help="Features of one output file.")]
StartBatch = Annotated[int, typer.Option(help="First batch of features to make.")]
Top = Annotated[int, typer.Option(help="Strongest examples of a feature.")]
Intervals = Annotated[int, typer.Option(help="Intervals that a feature's range is cut into.")]
PerInterval = Annotated[int, typer.Option(help="Examples of each interval.")]
Out = Annotated[Path | None, typer.Option(help="Dataset folder to write to. Default: DATA_DIR/datasets.")]
Resume = Annotated[bool, typer.Option("--resume/--restart", help="Go on with an unfinished run, or begin anew.")]
Seed = Annotated[int, typer.Option(help="Of the choice of prompts and examples.")]
Processes = Annotated[
    int | None,
    typer.Option(help=f"Processes, each with the model. Default: one a core, at most {_MOST_PROCESSES}."),
]
Device = Annotated[str | None, typer.Option(help="cpu, cuda, ... Default: DEVICE.")]
Dtype = Annotated[str, typer.Option(help="Precision of the model; float32 equals activation tests.")]


def generate(
    context: typer.Context,
    sae: Sae = None,
    model: Model = None,
    source: Source = None,
    set_name: Set = None,
    corpus: Corpus = None,
    dataset: Dataset = "",
    window: Context = 64,
    prompts: Prompts = 24_576,
    batches: Batches = None,
    batch_prompts: BatchPrompts = 16,
    log_sparsity_threshold: Threshold = -5.0,
    features_per_batch: FeaturesPerBatch = 1024,
    start_batch: StartBatch = 0,
    top: Top = 20,
    intervals: Intervals = 5,
    per_interval: PerInterval = 5,
    out: Out = None,
    resume: Resume = True,
    seed: Seed = 0,
    processes: Processes = None,
    device: Device = None,
    dtype: Dtype = "float32",
) -> None:
    """Make feature dashboards of an SAE in the public dataset layout. Asks when called without arguments."""
    if not _given(context):
        _guided(context)
        return
    if sae is None:
        raise typer.BadParameter("the folder of the SAE is needed", param_hint="--sae")
    # Here, not above: they bring torch, for which no other command should wait.
    from inference_worker.dashboards.examples import Wanted
    from inference_worker.dashboards.generation import Generation
    from inference_worker.dashboards.progress import display
    from inference_worker.dashboards.run import generate as generate_dashboards

    settings = get_settings()
    model, device = model or settings.model_id, device or settings.device
    with _failing_clearly():
        identity = _identity(sae, source, set_name)
        chosen = Generation(
            model=model,
            sae=sae,
            corpus=corpus or _demo_corpus(),
            out=out or settings.data_dir / "datasets",
            model_id=Path(model).name,
            source_id=identity.source,
            set_name=identity.set_name,
            models_dir=settings.models_dir,
            dataset=dataset,
            context=window,
            prompts=prompts,
            batches=batches,
            batch_prompts=batch_prompts,
            log_sparsity_threshold=log_sparsity_threshold,
            features_per_batch=features_per_batch,
            start_batch=start_batch,
            wanted=Wanted(top, intervals, per_interval),
            seed=seed,
            processes=processes or _processes(device),
            device=device,
            dtype=dtype,
            restart=not resume,
            **_known_cards(Path(model).name, identity.set_name),
        )
        with display() as report:
            folder = generate_dashboards(chosen, report)
    origin = f" {chosen.out}" if out else ""
    typer.echo(
        f"Dashboards are in {folder}\nBrowse them after: memicos import{origin} {chosen.model_id} {chosen.source_id}"
    )


def _known_cards(model_id: str, set_name: str) -> dict[str, Any]:
    """What other sources of the model and of the set say of them, so that an import of this one says the same."""
    from inference_worker.dashboards.layout import ModelCard, SetCard
    from memicos_app.library.datasets.origins import available_sources, local_origins

    found: dict[str, Any] = {}
    for one in available_sources(local_origins()):
        model, release, own = one.cards.model, one.cards.release, one.cards.source_set
        if one.model_id == model_id and model is not None:
            names = ("id", "display_name", "owner", "layers", "dimension", "neurons_per_layer", "instruct", "website")
            found["model_card"] = ModelCard(**{name: getattr(model, name) for name in names})
        if (one.model_id, one.set_name) == (model_id, set_name) and own is not None:
            about = release.description if release else ""
            creator, urls = own.creator_name, tuple(own.urls)
            found["card"] = SetCard(set_name, own.description, own.type, creator, own.release_name or "", about, urls)
    return found


@contextmanager
def _failing_clearly() -> Iterator[None]:
    """Turn what is wrong with the arguments into one sentence and status 1."""
    from inference_worker.dashboards.generation import GenerationError
    from inference_worker.dashboards.tokens import CorpusError
    from inference_worker.engine.errors import EngineError

    try:
        yield
    except (GenerationError, CorpusError, EngineError, IncompleteError) as error:
        typer.secho(str(error), fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo("\nStopped; the same command goes on from here.")
        raise typer.Exit(130) from None


class IncompleteError(ValueError):
    """The arguments do not say what is to be made from what."""


@dataclass(frozen=True)
class Identity:
    """What a source is called."""

    source: str
    set_name: str


def _identity(sae: Path, source: str | None, set_name: str | None) -> Identity:
    """Names as given, else from `cfg.json`: its neuronpedia_id, or its layer and the set.

    Raises:
        IncompleteError: neither is enough.
    """
    metadata = _metadata(sae)
    named = str(metadata.get("neuronpedia_id") or "").rpartition("/")[2]
    if source is None and set_name is not None:
        source = f"{_layer(metadata)}-{set_name}"
    source = source or named
    if not source:
        raise IncompleteError(f"{sae / 'cfg.json'} does not say what the source is called; give --set or --source")
    return Identity(source, set_name or source.partition("-")[2].partition("__")[0] or source)


def _metadata(sae: Path) -> dict[str, Any]:
    try:
        config = json.loads((sae / "cfg.json").read_text())
    except (OSError, ValueError) as error:
        raise IncompleteError(f"{sae} is no SAE in SAELens format: {error}") from error
    return {**config, **config.get("metadata", {})}


def _layer(metadata: dict[str, Any]) -> int:
    parts = str(metadata.get("hook_name", "")).split(".")
    if len(parts) > 1 and parts[1].isdigit():
        return int(parts[1])
    raise IncompleteError("the SAE's cfg.json names no layer; give --source")


def _demo_corpus() -> Path:
    if not DEMO_CORPUS.is_file():
        raise IncompleteError("no corpus: give --corpus with a .npy, .txt or .jsonl file")
    return DEMO_CORPUS


def _processes(device: str) -> int:
    return min(os.cpu_count() or 1, _MOST_PROCESSES) if device == "cpu" else 1


def _given(context: typer.Context) -> bool:
    """Whether anything stands on the command line."""
    sources = (context.get_parameter_source(name) for name in context.params)
    return any(source is not None and source.name == "COMMANDLINE" for source in sources)


@dataclass(frozen=True)
class Question:
    """A prompt of the guided mode and the flag its answer becomes."""

    text: str
    flag: str
    default: Any
    kind: type = str


def questions() -> list[Question]:
    """What the guided mode asks, in order."""
    return [
        Question("Enter SAE ID (source set)", "--set", "res-4k"),
        Question("Absolute local path to SAE", "--sae", None),
        Question("Corpus (.npy, .txt or .jsonl)", "--corpus", str(DEMO_CORPUS) if DEMO_CORPUS.is_file() else None),
        Question("Feature log sparsity threshold", "--log-sparsity-threshold", -5.0, float),
        Question("Features per batch", "--features-per-batch", 1024, int),
        Question("Resume from batch", "--start-batch", 0, int),
        Question("Batches to sample from", "--batches", 4096, int),
        Question("Prompts to select from", "--prompts", 24_576, int),
    ]


def _guided(context: typer.Context) -> None:
    """Ask, say which command that is, and run it."""
    arguments: list[str] = []
    for question in questions():
        answer = typer.prompt(question.text, default=question.default, type=question.kind)
        arguments += [question.flag, str(answer)]
    typer.echo(f"\nmemicos generate {shlex.join(arguments)}\n")
    command = context.command
    with command.make_context(context.info_name, arguments, parent=context.parent) as again:
        command.invoke(again)
