"""An SAE from a folder to the browser: checked, put where the worker looks, given dashboards, imported, explained.

The command, the job and the form share what is here. Every step looks first whether it was done before, so that
adding again goes on where it was.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from memicos_app.library import explanations
from memicos_app.library.adding_cards import cards_of, register
from memicos_app.library.adding_place import put_in_place
from memicos_app.library.corpora import corpus_file, is_dataset_name
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.embedders.filling import embed_explanations
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.generating import generate
from memicos_app.library.model_shapes import shape_of
from memicos_app.library.query import row
from memicos_app.library.sae_folders import Names, SaeFolder, names_of, read_sae_folder
from memicos_app.library.saes import local_saes
from memicos_app.library.vector_files import as_folder, is_vectors
from memicos_app.library.watch import Watch
from memicos_app.settings import get_settings


class Adding(BaseModel):
    """What is asked for. Only `sae` has to be said."""

    model_config = ConfigDict(extra="forbid")

    sae: str
    """Folder in SAELens's format; or a file or folder of vectors."""
    hook: str = ""
    """Where vectors belong, such as blocks.5.hook_resid_post; an SAE says it itself."""
    model: str = ""
    """Packaged id, folder, or TransformerLens name; empty: MODEL_ID."""
    set_name: str = ""
    source_id: str = ""
    corpus: str = ""
    """A file, or a dataset of the hub; empty: the demo's."""
    column: str = ""
    split: str = "train"
    dataset: str = ""
    """What the corpus is called; empty: its file name."""
    prompts: int = Field(24_576, ge=1)
    context: int = Field(64, ge=2)
    batches: int | None = Field(None, ge=1)
    log_sparsity_threshold: float = -5.0
    features_per_batch: int = Field(1024, ge=1)
    start_batch: int = Field(0, ge=0)
    seed: int = 0
    processes: int | None = Field(None, ge=1)
    ray: bool = False
    """Share the work over a Ray cluster."""
    device: str = ""
    dtype: str = "float32"
    link: bool = False
    """Refer to the folder in place of copying it."""
    replace: bool = False
    """Put these in place of dashboards, or of an SAE of this name, that are there already."""
    explain: bool = True
    embed: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done, once it is known that it can be."""

    folder: SaeFolder
    model: str
    model_id: str
    names: Names
    corpus: str
    notes: tuple[str, ...]
    """What is worth knowing before it begins."""


@dataclass(frozen=True, slots=True)
class Added:
    """A source that can be browsed."""

    model_id: str
    source_id: str
    n_features: int
    n_explanations: int

    @property
    def path(self) -> str:
        """Address of its page on the site."""
        return f"/{self.model_id}/{self.source_id}"


def asked(**values: object) -> Adding:
    """What is asked for, from outside. Raises `BadInputError` that names the field."""
    try:
        return Adding.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0]) if first["loc"] else None
        raise BadInputError(f"{field}: {first['msg']}.", field=field) from error


def asked_of_served(model_id: str, source_id: str, **values: object) -> Adding:
    """The same for an SAE whose weights lie here already.

    Raises:
        NotFoundError: no weights of this source lie here.
    """
    found = next((one for one in local_saes() if (one.model_id, one.source_id) == (model_id, source_id)), None)
    if found is None:
        raise NotFoundError(f"No weights of {model_id}/{source_id} lie here.", field="source_id")
    named = [name for name in (get_settings().weights_id, get_settings().model_id) if Path(name).name == model_id]
    names = {"model": named[0] if named else model_id, "source_id": source_id, "set_name": found.set_name}
    return asked(sae=str(found.folder), **names, **values)


def plan(adding: Adding) -> Plan:
    """Check everything that can be known before the model is loaded.

    Raises:
        BadInputError: it cannot be done as asked; `field` names what is wrong.
    """
    folder = folder_of(adding)
    model = adding.model or get_settings().model_id
    shape = shape_of(model)
    if shape is not None:
        shape.require_fits(folder.hook_name, folder.d_in)
        shape.require_fits(folder.hook_name_out, folder.d_out)
    corpus = adding.corpus.strip() if is_dataset_name(adding.corpus) else str(corpus_file(adding.corpus))
    names = names_of(folder, adding.source_id, adding.set_name)
    notes = [
        *_about_model(folder, Path(model).name),
        *_about_sinks(folder),
        *(["The model's configuration is not here yet, so that its width is checked once it is."] * (shape is None)),
    ]
    return Plan(folder, model, Path(model).name, names, corpus, tuple(notes))


async def add(adding: Adding, watch: Watch) -> Added:
    """Do all of it, or what is still missing.

    Raises:
        BadInputError: it cannot be done as asked.
        GenerationFailed: the model, the SAE or the corpus cannot be used.
        Stopped: the watch asked for it.
    """
    found = await asyncio.to_thread(plan, adding)
    for note in found.notes:
        watch.log(note)
    model_id, source_id = found.model_id, found.names.source_id
    watch.tell("putting the SAE in place", 0, 1)
    served = await asyncio.to_thread(
        put_in_place, found.folder, model_id, source_id, link=adding.link, replace=adding.replace
    )
    watch.tell("putting the SAE in place", 1, 1)
    await register(found.folder, model_id, found.names, await asyncio.to_thread(shape_of, found.model))
    cards = await cards_of(found.folder, model_id, found.names)
    await generate([*_arguments(adding, found, served), *cards], watch)
    await watch.checkpoint()
    await import_source(get_settings().data_dir / "datasets", model_id, source_id, watch=watch)
    return await _explained(adding, model_id, source_id, watch)


def folder_of(adding: Adding) -> SaeFolder:
    """The SAE that is asked for; vectors as a folder like one.

    Raises:
        BadInputError: it cannot be read, or vectors lack their hook point.
    """
    if not adding.sae.strip():
        raise BadInputError("Name the folder of the SAE.", field="sae")
    path, hook = Path(adding.sae.strip()).expanduser().resolve(), adding.hook.strip()
    if is_vectors(path):
        return read_sae_folder(as_folder(path, hook))
    found = read_sae_folder(path)
    if hook and hook != found.hook_name:
        raise BadInputError(f"The SAE reads at {found.hook_name}, not at {hook}.", field="hook")
    return found


def _about_model(folder: SaeFolder, model_id: str) -> list[str]:
    trained = str(folder.metadata.get("model_name") or folder.config.get("model_name") or "")
    if not trained or Path(trained).name.lower() == model_id.lower():
        return []
    return [f"The SAE says it was trained on {trained}; it is used with {model_id}."]


def _about_sinks(folder: SaeFolder) -> list[str]:
    """Sinks have residuals a hundred times longer than others; without a rule they are every feature's strongest."""
    if "hook_resid" not in folder.hook_name or folder.metadata.get("sink_norm"):
        return []
    return ["Its metadata has no sink_norm: where the model has attention sinks, they count like other positions."]


def _arguments(adding: Adding, found: Plan, served: Path) -> list[str]:
    """Of `memicos generate`."""
    named = {
        "--sae": served,
        "--model": found.model,
        "--source": found.names.source_id,
        "--set": found.names.set_name,
        "--corpus": found.corpus,
        "--column": adding.column or None,
        "--split": adding.split if is_dataset_name(found.corpus) else None,
        "--dataset": adding.dataset or None,
        "--context": adding.context,
        "--prompts": adding.prompts,
        "--batches": adding.batches,
        "--log-sparsity-threshold": adding.log_sparsity_threshold,
        "--features-per-batch": adding.features_per_batch,
        "--start-batch": adding.start_batch,
        "--seed": adding.seed,
        "--processes": adding.processes,
        "--device": adding.device or None,
        "--dtype": adding.dtype,
    }
    said = [f"{name}={value}" for name, value in named.items() if value is not None]
    return [*said, *(["--ray"] if adding.ray else []), *(["--replace"] if adding.replace else [])]


async def _explained(adding: Adding, model_id: str, source_id: str, watch: Watch) -> Added:
    """The source as it is in the end, with explanations where they are wanted and none are there."""
    known = await row(
        """
        SELECT g.n_features, s.n_explanations FROM sources AS s
        JOIN source_generations AS g ON g.id = s.current_generation WHERE s.model_id = :model AND s.id = :source
        """,
        model=model_id,
        source=source_id,
    )
    assert known is not None
    explained = int(known["n_explanations"])
    if adding.explain and not explained:
        explained = await explanations.write_top_tokens(model_id, source_id, watch=watch)
    if adding.embed and explained:
        await embed_explanations(model_id, source_id, watch=watch)
    return Added(model_id, source_id, int(known["n_features"]), explained)
