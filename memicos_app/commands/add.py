"""`memicos add`: an SAE of one's own from its folder to its pages in the browser."""

from __future__ import annotations

from typing import Annotated

import typer

from memicos_app.commands import generation_options as options
from memicos_app.commands.terminal import Terminal
from memicos_app.commands.watching import TerminalWatch
from memicos_app.db import migrate, session
from memicos_app.db.errors import DatabaseUnusable
from memicos_app.library import adding
from memicos_app.library.adding import Added, Adding
from memicos_app.library.errors import LibraryError
from memicos_app.settings import get_settings

console = Terminal()

Sae = Annotated[str | None, typer.Argument(help="Folder of the SAE in SAELens format; or vectors.", metavar="FOLDER")]
Hook = Annotated[
    str, typer.Option(help="Where vectors belong, such as blocks.5.hook_resid_post. SAEs say it themselves.")
]
Link = Annotated[bool, typer.Option("--link/--copy", help="Refer to the folder, or copy it to where it is served.")]
Explain = Annotated[bool, typer.Option(help="Explain features by their top tokens.")]
Embed = Annotated[bool, typer.Option(help="Embed explanations for search, with the offline embedder.")]


def add(
    context: typer.Context,
    sae: Sae = None,
    hook: Hook = "",
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
    log_sparsity_threshold: options.Threshold = -5.0,
    features_per_batch: options.FeaturesPerBatch = 1024,
    start_batch: options.StartBatch = 0,
    seed: options.Seed = 0,
    processes: options.Processes = None,
    ray: options.Ray = False,
    device: options.Device = None,
    dtype: options.Dtype = "float32",
    replace: options.Replace = False,
    link: Link = False,
    explain: Explain = True,
    embed: Embed = True,
) -> None:
    """Add an SAE of your own: dashboards, explanations, pages. Run again it goes on. Asks without arguments."""
    if not options.is_given(context):
        options.guided(context, "")
        return
    try:
        wanted = adding.asked(
            sae=sae or "",
            hook=hook,
            model=model or "",
            source_id=source or "",
            set_name=set_name or "",
            corpus=corpus,
            column=column,
            split=split,
            dataset=dataset,
            context=window,
            prompts=prompts,
            batches=batches,
            log_sparsity_threshold=log_sparsity_threshold,
            features_per_batch=features_per_batch,
            start_batch=start_batch,
            seed=seed,
            processes=processes,
            ray=ray,
            device=device or "",
            dtype=dtype,
            replace=replace,
            link=link,
            explain=explain,
            embed=embed,
        )
        adding.plan(wanted)
        migrate.upgrade(session.database_url())
        added = session.run(_add(wanted))
    except (LibraryError, DatabaseUnusable) as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        console.print("\nStopped; the same command goes on from here.")
        raise typer.Exit(130) from None
    _show(added)


async def _add(wanted: Adding) -> Added:
    with TerminalWatch(console) as watch:
        return await adding.add(wanted, watch)


def _show(added: Added) -> None:
    settings = get_settings()
    host = "localhost" if settings.is_local else settings.host
    site = settings.public_url.rstrip("/") or f"http://{host}:{settings.port}"
    console.print(
        f"{added.model_id}/{added.source_id}: {added.n_features:,} features with dashboards, "
        f"{added.n_explanations:,} explained.\n{site}{added.path}",
        highlight=False,
        soft_wrap=True,
    )
