"""Presets of the steer page: prompts and features to begin with, edited here or brought along by a dataset."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pydantic import Field
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from memicos_app.db.session import session
from memicos_app.db.steering import SteerPreset as PresetRow
from memicos_app.db.text import original, original_json, storable, storable_json
from memicos_app.library import activity
from memicos_app.library.accounts.person import me
from memicos_app.library.datasets.layout import VERSION, Line
from memicos_app.library.datasets.reading import Problems, read_lines
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.query import reading
from memicos_app.library.steering import SteerCondition, SteeredFeature, SteerRequest
from memicos_app.library.steering import check as check_request

Kind = Literal["prompt", "features"]
Option: TypeAlias = str | float | int | bool
FILE = "presets.jsonl"
"""Beside a model's sources, in the public layout."""
MOST_FEATURES, LONGEST_NAME, LONGEST_PROMPT = 32, 120, 2048
OPTIONS: dict[str, tuple[type, ...]] = {
    "strength_multiplier": (int, float),
    "temperature": (int, float),
    "n_tokens": (int,),
    "freq_penalty": (int, float),
    "seed": (int,),
    "steer_method": (str,),
    "normalize_steering": (bool,),
    "keep_error": (bool,),
    "steer_special_tokens": (bool,),
    "positions": (str,),
    "top_p": (int, float),
}
"""Options that a preset may set, by their names in a request."""


@dataclass(frozen=True, slots=True)
class PresetFeature:
    """A feature of a preset and how strongly it is added."""

    source: str
    index: int
    strength: float


@dataclass(frozen=True, slots=True)
class Preset:
    """A prompt to begin with, or features with strengths; `alias` is its name in addresses."""

    model_id: str
    alias: str
    name: str
    kind: Kind = "features"
    rank: int = 0
    prompt: str = ""
    features: list[PresetFeature] = field(default_factory=list)
    options: dict[str, Option] = field(default_factory=dict)
    stop: list[str] = field(default_factory=list)
    """Strings that a text ends before."""
    condition: SteerCondition | None = None
    """Steer only where this feature is active enough."""
    origin: str = ""
    """Empty: written or changed here."""
    id: str = ""


class PresetCondition(Line):
    """The feature that decides where a preset steers, and what it has to exceed."""

    source: str
    index: int
    threshold: float = 0.0


class PresetLine(Line):
    """A line of `presets.jsonl`."""

    alias: str
    name: str
    kind: Kind = "features"
    rank: int = 0
    prompt: str = ""
    features: list[PresetFeature] = Field(default_factory=list)
    options: dict[str, Option] = Field(default_factory=dict)
    stop: list[str] = Field(default_factory=list)
    condition: PresetCondition | None = None


async def of_model(model_id: str) -> list[Preset]:
    """A model's presets in order. Raises `UnavailableError` where the database does not answer."""
    asked = select(PresetRow).where(PresetRow.model_id == storable(model_id), col(PresetRow.hidden).is_(False))
    async with reading() as opened:
        found = await opened.exec(asked.order_by(col(PresetRow.rank), col(PresetRow.name)))
        return [_view(row) for row in found]


async def by_alias(model_id: str, alias: str) -> Preset:
    """The preset that an address names. Raises `NotFoundError`."""
    for preset in await of_model(model_id):
        if preset.alias == alias:
            return preset
    raise NotFoundError(f"{model_id} has no preset {alias[:80]}.", field="preset")


async def save(preset: Preset, creator_id: str | None = None) -> Preset:
    """Write a preset; one with an `id` is changed. From then on its dataset leaves it alone.

    Raises:
        BadInputError: something of it cannot be right, or another preset has its alias.
        NotFoundError: there is none of this id.
    """
    check(preset)
    async with session() as opened:
        row = await opened.get(PresetRow, preset.id) if preset.id else None
        if preset.id and row is None:
            raise NotFoundError(f"There is no preset {preset.id}.", field="id")
        row = row or PresetRow(id=secrets.token_urlsafe(9), creator_id=creator_id or me())
        for name, value in _columns(preset).items():
            setattr(row, name, value)
        row.origin, row.hidden, row.updated_at = "", False, datetime.now(UTC)
        opened.add(row)
        await activity.note("preset.save", f"/{preset.model_id}/steer?preset={preset.alias}", writer=opened)
        try:
            await opened.commit()
        except IntegrityError:
            raise BadInputError(f"Another preset is called {preset.alias} in addresses.", field="alias") from None
        await opened.refresh(row)
        return _view(row)


async def remove(preset_id: str) -> None:
    """Take a preset away; one of a dataset is kept hidden, so that it does not come back. Raises `NotFoundError`."""
    async with session() as opened:
        row = await opened.get(PresetRow, storable(preset_id))
        if row is None or row.hidden:
            raise NotFoundError(f"There is no preset {preset_id[:80]}.", field="id")
        row.hidden = True
        opened.add(row)
        await activity.note("preset.remove", f"/{row.model_id}/steer?preset={row.alias}", writer=opened)
        await opened.commit()


async def bring_in(origin: Path, model_id: str) -> int:
    """Take over the presets that a dataset origin has for a model; what was changed here stays. How many it has."""
    path = origin / VERSION / model_id / FILE
    if not path.is_file():
        return 0
    lines = [line for _, line in read_lines(path, PresetLine, Problems())]
    async with session() as opened:
        found = await opened.exec(select(PresetRow).where(PresetRow.model_id == storable(model_id)))
        here = {row.alias: row for row in found}
        for line in lines:
            columns = _columns(_of_line(model_id, line))
            row = here.get(line.alias) or PresetRow(id=secrets.token_urlsafe(9), origin=FILE, creator_id=me())
            if row.origin == FILE and not row.hidden:
                for name, value in columns.items():
                    setattr(row, name, value)
                opened.add(row)
        await opened.commit()
    return len(lines)


def _of_line(model_id: str, line: PresetLine) -> Preset:
    where = line.condition
    return Preset(
        model_id,
        line.alias,
        line.name,
        line.kind,
        line.rank,
        line.prompt,
        line.features,
        line.options,
        line.stop,
        SteerCondition(where.source, where.index, where.threshold) if where else None,
    )


async def bring_in_all(origins: Iterable[Path]) -> None:
    """`bring_in` for every model that an origin has presets for."""
    for origin in origins:
        for path in sorted((origin / VERSION).glob(f"*/{FILE}")):
            await bring_in(origin, path.parent.name)


def check(preset: Preset) -> None:
    """Whether a preset can be kept. Raises `BadInputError` with the field at fault."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,59}", preset.alias):
        raise BadInputError("The name in addresses is up to 60 small letters, digits and hyphens.", field="alias")
    if not 1 <= len(preset.name.strip()) <= LONGEST_NAME:
        raise BadInputError(f"A preset needs a name of 1 to {LONGEST_NAME} characters.", field="name")
    if len(preset.prompt) > LONGEST_PROMPT:
        raise BadInputError(f"The prompt may have {LONGEST_PROMPT} characters.", field="prompt")
    if preset.kind == "prompt" and not preset.prompt:
        raise BadInputError("A preset of this kind needs a prompt.", field="prompt")
    if preset.kind == "features" and not 1 <= len(preset.features) <= MOST_FEATURES:
        raise BadInputError(f"A preset of this kind needs 1 to {MOST_FEATURES} features.", field="features")
    check_options(preset.options)
    _check_run(preset)


def _check_run(preset: Preset) -> None:
    """Whether the run that it begins would be within the limits."""
    parts = [SteeredFeature(preset.model_id, one.source, one.index, one.strength) for one in preset.features]
    options: dict[str, Any] = dict(preset.options)
    run = SteerRequest(preset.model_id, preset.prompt or "x", parts, **options)
    check_request(replace(run, stop=preset.stop, condition=preset.condition))


def check_options(options: Mapping[str, object]) -> None:
    """Whether every option has a known name and the right type. Raises `BadInputError`."""
    for name, value in options.items():
        kinds = OPTIONS.get(name)
        if kinds is None:
            raise BadInputError(f"{name[:60]} is no option of steering.", field=f"options.{name[:60]}")
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise BadInputError(f"{name} cannot be {value!r:.60}.", field=f"options.{name}")


def _columns(preset: Preset) -> dict[str, Any]:
    return {
        "model_id": storable(preset.model_id),
        "alias": preset.alias,
        "name": storable(preset.name.strip()),
        "kind": preset.kind,
        "rank": preset.rank,
        "prompt": storable(preset.prompt),
        "features": [storable_json(asdict(one)) for one in preset.features],
        "options": storable_json(settings(preset)),
    }


def settings(preset: Preset) -> dict[str, Any]:
    """What a preset sets, by the names of a request; nothing that it leaves open."""
    condition = preset.condition
    return {
        **preset.options,
        **({"stop": list(preset.stop)} if preset.stop else {}),
        **(
            {
                "condition": {
                    "source": condition.source_id,
                    "index": condition.index,
                    "threshold": condition.threshold,
                }
            }
            if condition
            else {}
        ),
    }


def _view(row: PresetRow) -> Preset:
    options = original_json(row.options)
    where = options.pop("condition", None)
    return Preset(
        model_id=original(row.model_id),
        alias=row.alias,
        name=original(row.name),
        kind="prompt" if row.kind == "prompt" else "features",
        rank=row.rank,
        prompt=original(row.prompt),
        features=[PresetFeature(**one) for one in original_json(row.features)],
        stop=options.pop("stop", []),
        options=options,
        condition=where and SteerCondition(where["source"], where["index"], where["threshold"]),
        origin=row.origin,
        id=row.id,
    )
