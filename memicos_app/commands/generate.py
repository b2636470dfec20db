"""`memicos generate`: dashboards for the features of an SAE, from flags or, without any, by asking."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from memicos_app.commands import generation_options as options
from memicos_app.library.corpora import corpus_file, is_dataset_name
from memicos_app.library.errors import LibraryError
from memicos_app.library.sae_folders import names_of, read_sae_folder
from memicos_app.settings import get_settings

if TYPE_CHECKING:
    from inference_worker.dashboards.generation import Generation

Sae = Annotated[Path | None, typer.Option(help="Folder of the SAE in SAELens format.")]
BatchPrompts = Annotated[int, typer.Option(help="Prompts of a batch, one forward pass.")]
Top = Annotated[int, typer.Option(help="Strongest examples of a feature.")]
Intervals = Annotated[int, typer.Option(help="Intervals that a feature's range is cut into.")]
PerInterval = Annotated[int, typer.Option(help="Examples of each interval.")]
Out = Annotated[Path | None, typer.Option(help="Dataset folder to write to. Default: DATA_DIR/datasets.")]
Resume = Annotated[bool, typer.Option("--resume/--restart", help="Go on with an unfinished run, or begin anew.")]
JsonProgress = Annotated[bool, typer.Option("--json-progress", help="Tell progress as JSON, a line a step.")]
Parent = Annotated[int | None, typer.Option(hidden=True, help="Process without which this one ends.")]
KnownCards = Annotated[str, typer.Option("--cards", hidden=True, help="What is known of model and set, as JSON.")]


def generate(
    context: typer.Context,
    sae: Sae = None,
    model: options.Model = None,
    source: options.Source = None,
    set_name: options.Set = None,
    corpus: options.Corpus = "",
    column: options.Column = "",
    split: options.Split = "train",
    dataset: options.Dataset = "",
    window: options.Context = 64,
    prompts: options.Prompts = 24_576,
    batches: options.Batches = None,
    batch_prompts: BatchPrompts = 16,
    log_sparsity_threshold: options.Threshold = -5.0,
    features_per_batch: options.FeaturesPerBatch = 1024,
    start_batch: options.StartBatch = 0,
    top: Top = 20,
    intervals: Intervals = 5,
    per_interval: PerInterval = 5,
    out: Out = None,
    resume: Resume = True,
    replace: options.Replace = False,
    seed: options.Seed = 0,
    processes: options.Processes = None,
    ray: options.Ray = False,
    device: options.Device = None,
    dtype: options.Dtype = "float32",
    json_progress: JsonProgress = False,
    parent: Parent = None,
    cards: KnownCards = "",
) -> None:
    """Make feature dashboards of an SAE in the public dataset layout. Asks when called without arguments."""
    if not options.is_given(context):
        options.guided(context, "--sae")
        return
    if sae is None:
        raise typer.BadParameter("the folder of the SAE is needed", param_hint="--sae")
    # Here, not above: they bring torch, for which no other command should wait.
    from inference_worker.dashboards.examples import Wanted
    from inference_worker.dashboards.generation import Generation
    from inference_worker.dashboards.work import end_with

    settings = get_settings()
    model, device = model or settings.model_id, device or settings.device
    if parent is not None:
        end_with(parent)
    with _failing_clearly():
        names = names_of(read_sae_folder(sae), source or "", set_name or "")
        chosen = Generation(
            model=model,
            sae=sae,
            corpus=_corpus(corpus, column, split, (batches * batch_prompts if batches else prompts) * window),
            column="" if is_dataset_name(corpus) else column,
            out=out or settings.data_dir / "datasets",
            model_id=Path(model).name,
            source_id=names.source_id,
            set_name=names.set_name,
            models_dir=settings.models_dir,
            dataset=dataset or (corpus if is_dataset_name(corpus) else ""),
            context=window,
            prompts=prompts,
            batches=batches,
            batch_prompts=batch_prompts,
            log_sparsity_threshold=log_sparsity_threshold,
            features_per_batch=features_per_batch,
            start_batch=start_batch,
            wanted=Wanted(top, intervals, per_interval),
            seed=seed,
            processes=processes or (0 if ray else _processes(device)),
            ray=ray,
            device=device,
            dtype=dtype,
            restart=not resume,
            replace=replace,
            command=_command(context),
            **(_cards(cards, names.set_name) if cards else _known_cards(Path(model).name, names.set_name)),
        )
        _make(chosen, f"{out} " if out else "", as_json=json_progress)


def _make(chosen: Generation, origin: str, *, as_json: bool) -> None:
    """Make the dashboards, and say where they are and how they come into the database."""
    from inference_worker.dashboards.progress import display
    from inference_worker.dashboards.run import generate as generate_dashboards

    with display(as_json=as_json) as report:
        folder = generate_dashboards(chosen, report)
    if as_json:
        typer.echo(json.dumps({"folder": str(folder)}))
        return
    names = f"{chosen.model_id} {chosen.source_id}"
    typer.echo(f"Dashboards are in {folder}\nBrowse them after: memicos import {origin}{names}")


def _corpus(corpus: str, column: str, split: str, tokens: int) -> Path:
    """The file, fetched first where it is a dataset of the hub."""
    if not is_dataset_name(corpus):
        return corpus_file(corpus)
    from inference_worker.dashboards.hub_corpus import fetch

    return fetch(corpus, get_settings().data_dir / "corpora", tokens=tokens, column=column, split=split)


def _command(context: typer.Context) -> str:
    """The command that makes the same again: what was said, without how it was shown."""
    hidden = {"json_progress", "parent", "cards", "resume", "replace", "processes", "ray", "out"}
    said = []
    for parameter in context.command.params:
        name, value = parameter.name or "", context.params.get(parameter.name or "")
        source = context.get_parameter_source(name)
        if name not in hidden and source is not None and source.name == "COMMANDLINE":
            said += [parameter.opts[0], str(value)]
    return f"memicos generate {shlex.join(said)}"


def _cards(known: str, set_name: str) -> dict[str, Any]:
    """The same as `_known_cards`, from somebody who knows."""
    from inference_worker.dashboards.layout import SetCard

    cards = json.loads(known)
    found = cards.get("set", {})
    urls = tuple(found.pop("urls", ()))
    return {"known_of_model": cards.get("model", {}), "card": SetCard(set_name, **found, urls=urls)}


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
    except (GenerationError, CorpusError, EngineError, LibraryError) as error:
        typer.secho(str(error), fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo("\nStopped; the same command goes on from here.")
        raise typer.Exit(130) from None


def _processes(device: str) -> int:
    return min(os.cpu_count() or 1, options.MOST_PROCESSES) if device == "cpu" else 1
