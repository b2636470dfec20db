"""Options that `memicos generate` and `memicos add` have in common, and the questions that stand for them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from memicos_app.library.corpora import DEMO_CORPUS

MOST_PROCESSES = 4
"""Each holds the model, about a gigabyte for the demo's."""

Model = Annotated[str | None, typer.Option(help="Packaged id, folder, or TransformerLens name. Default: MODEL_ID.")]
Source = Annotated[str | None, typer.Option(help="Id, {layer}-{set}. Default: as the SAE's cfg.json says.")]
Set = Annotated[str | None, typer.Option("--set", help="Source set (SAE id). Default: from the source.")]
Corpus = Annotated[
    str,
    typer.Option(
        help="File of texts (.txt, .jsonl, .parquet) or token rows (.npy), or a dataset of the Hugging Face hub, "
        "owner/name or owner/name:configuration. Default: the demo's."
    ),
]
Column = Annotated[str, typer.Option(help="Of the corpus. Default: text, content, document, tokens, …")]
Split = Annotated[str, typer.Option(help="Of a dataset of the hub.")]
Dataset = Annotated[str, typer.Option(help="What the corpus is called. Default: its file name.")]
Context = Annotated[int, typer.Option("--context", help="Tokens of a prompt, BOS included.")]
Prompts = Annotated[int, typer.Option(help="Prompts to select from the corpus.")]
Batches = Annotated[int | None, typer.Option(help="Sample from so many batches only. Default: from all.")]
Threshold = Annotated[
    float, typer.Option(help="Skip features whose log10 density is lower. Dead ones are always skipped.")
]
FeaturesPerBatch = Annotated[int, typer.Option(help="Features of one output file.")]
StartBatch = Annotated[int, typer.Option(help="First batch of features to make.")]
Seed = Annotated[int, typer.Option(help="Of the choice of prompts and examples.")]
Processes = Annotated[
    int | None,
    typer.Option(help=f"Processes, each with the model. Default: one a core, at most {MOST_PROCESSES}."),
]
Ray = Annotated[
    bool, typer.Option("--ray", help="Share the work over the Ray cluster of RAY_ADDRESS, or one started here.")
]
Device = Annotated[str | None, typer.Option(help="cpu, cuda, ... Default: DEVICE.")]
Dtype = Annotated[str, typer.Option(help="Precision of the model; float32 equals activation tests.")]
Replace = Annotated[bool, typer.Option("--replace", help="Replace dashboards that were made with other settings.")]


@dataclass(frozen=True)
class Question:
    """A prompt of the guided mode and the flag its answer becomes; an empty flag is the argument."""

    text: str
    flag: str
    default: Any
    kind: type = str


def questions(sae: str) -> list[Question]:
    """What the guided mode asks, in order; `sae` is the flag of the SAE's folder."""
    demo = str(DEMO_CORPUS) if DEMO_CORPUS.is_file() else None
    return [
        Question("Enter SAE ID (source set)", "--set", "res-4k"),
        Question("Absolute local path to SAE", sae, None),
        Question("Corpus (file, or a dataset's name)", "--corpus", demo),
        Question("Feature log sparsity threshold", "--log-sparsity-threshold", -5.0, float),
        Question("Features per batch", "--features-per-batch", 1024, int),
        Question("Resume from batch", "--start-batch", 0, int),
        Question("Batches to sample from", "--batches", 4096, int),
        Question("Prompts to select from", "--prompts", 24_576, int),
    ]


def is_given(context: typer.Context) -> bool:
    """Whether anything stands on the command line."""
    sources = (context.get_parameter_source(name) for name in context.params)
    return any(source is not None and source.name == "COMMANDLINE" for source in sources)


def guided(context: typer.Context, sae: str) -> None:
    """Ask, say which command that is, and run it."""
    arguments: list[str] = []
    for question in questions(sae):
        answer = typer.prompt(question.text, default=question.default, type=question.kind)
        arguments += [question.flag, str(answer)] if question.flag else [str(answer)]
    typer.echo(f"\nmemicos {context.command.name} {shlex.join(arguments)}\n")
    with context.command.make_context(context.info_name, arguments, parent=context.parent) as again:
        context.command.invoke(again)
