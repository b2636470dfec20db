"""What answers about jobs, maps and uploads look like, for the description; see `shapes.py`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from memicos_app.api.shapes import Shape


class JobAnswer(Shape):
    id: int
    kind: str
    title: str
    subject: str
    arguments: dict[str, Any]
    state: str
    """`waiting`, `running`, `paused`, `done`, `failed` or `cancelled`."""
    wish: str | None
    """`pause` or `cancel`, asked for and not obeyed yet."""
    step: str
    done: float
    total: float | None
    unit: str
    share: float | None
    rate: float | None
    eta_seconds: float | None
    error: str | None
    result: dict[str, Any] | None
    attempts: int
    machine: str | None
    not_before: datetime | None
    created_at: datetime
    started_at: datetime | None
    news_at: datetime | None
    finished_at: datetime | None
    verbs: list[str]
    """What can be asked of it now."""


class JobsAnswer(Shape):
    jobs: list[JobAnswer]
    next_cursor: str | None
    """Null: these are the last."""


class LogLineAnswer(Shape):
    id: int
    at: datetime
    level: str
    text: str


class JobWithLogAnswer(JobAnswer):
    log: list[LogLineAnswer]


class MapLayerAnswer(Shape):
    source: str
    n: int
    """Points."""


class ClusterAnswer(Shape):
    number: int
    name: str
    size: int
    x: float
    y: float


class MapAnswer(Shape):
    id: int
    model_id: str
    by: str
    """`explanations`, `decoder` or `imported`."""
    layers: list[MapLayerAnswer]
    clusters: list[ClusterAnswer]
    made: dict[str, Any]
    created_at: datetime


class MapsAnswer(Shape):
    maps: list[MapAnswer]


class PointAnswer(Shape):
    """A feature on a map, under the reference's names."""

    id: str | None
    """Of the explanation."""
    layer: str
    index: str
    description: str
    umap_x: float = Field(alias="umap_x")
    umap_y: float = Field(alias="umap_y")
    umap_cluster: int = Field(alias="umap_cluster")
    """-1: of no cluster."""
    umap_log_feature_sparsity: float | None = Field(alias="umap_log_feature_sparsity")


class UploadAnswer(Shape):
    message: str
    created: list[int]
    replaced: list[int]
    skipped: list[int]
    """There already."""
    dead: list[int]
    """Never active in what was sent, and left out."""
    problems: list[str]
    url: str
    """Of the source."""


class FileUploadAnswer(Shape):
    """Of a file that went in before, `created` to `problems` are left out, `dead` aside."""

    name: str
    sha256: str
    model_id: str
    source: str
    known: bool
    """It went in before and was not read again."""
    n_features: int
    message: str
    dead: list[int]
    url: str
    created: list[int] | None = None
    replaced: list[int] | None = None
    skipped: list[int] | None = None
    problems: list[str] | None = None
