"""Vectors on a plane: the same at every run, near where they were near, clustered as they were drawn."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.manifold import trustworthiness
from sklearn.metrics import adjusted_rand_score

from memicos_app.library.maps import layout
from memicos_app.library.maps.layout import Floats
from memicos_app.settings import ROOT

GROUPS, EACH, WIDTH = 6, 60, 24


def quiet(step: str, done: float, total: float, unit: str) -> None:
    """Nobody looks on."""


def drawn(seed: int = 0) -> tuple[Floats, np.ndarray]:
    """Unit vectors around a few directions, and which direction each belongs to."""
    random = np.random.default_rng(seed)
    group = np.repeat(np.arange(GROUPS), EACH)
    vectors = random.standard_normal((GROUPS, WIDTH))[group] + 0.5 * random.standard_normal((len(group), WIDTH))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), group


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, object]]]:
    """The program run over the vectors: its folder, and what it told."""
    folder = tmp_path_factory.mktemp("map")
    np.save(folder / layout.VECTORS, drawn()[0])
    return folder, run(folder)


def run(folder: Path) -> list[dict[str, object]]:
    command = [sys.executable, "-m", "memicos_app.library.maps.layout", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def points(folder: Path) -> tuple[Floats, np.ndarray]:
    with np.load(folder / layout.POINTS) as found:
        return found["points"], found["clusters"]


def test_neighbours_stay_neighbours(laid_out: tuple[Path, list[dict[str, object]]]) -> None:
    vectors, group = drawn()
    placed, clusters = points(laid_out[0])
    assert placed.shape == (GROUPS * EACH, 2)
    assert np.abs(placed).max() == pytest.approx(1)
    shuffled = np.random.default_rng(1).permutation(placed)
    kept, by_chance = (trustworthiness(vectors, one, metric="cosine") for one in (placed, shuffled))
    assert kept > 0.8
    assert by_chance < 0.6
    inside = clusters >= 0
    assert inside.mean() > 0.8
    assert adjusted_rand_score(group[inside], clusters[inside]) > 0.9
    sizes = np.bincount(clusters[inside])
    assert (np.diff(sizes) <= 0).all(), "the largest cluster is number 0"


def test_it_tells_its_steps(laid_out: tuple[Path, list[dict[str, object]]]) -> None:
    steps = list(dict.fromkeys(one["stage"] for one in laid_out[1]))
    assert steps == ["loading UMAP", "comparing", "laying out", "finding clusters"]
    last = [one for one in laid_out[1] if one["stage"] == "laying out"][-1]
    assert last["done"] == last["total"]


def test_the_same_vectors_give_the_same_map_and_neighbours_are_kept(
    laid_out: tuple[Path, list[dict[str, object]]],
) -> None:
    folder, _ = laid_out
    before, clusters = points(folder)
    told = run(folder)
    assert "comparing" not in {one["stage"] for one in told}, "neighbours of before are used"
    after, again = points(folder)
    np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(clusters, again)


def test_neighbours_are_exact() -> None:
    vectors, _ = drawn(2)
    vectors[7] = vectors[3]
    indices, distances = layout.neighbours(vectors, 5, quiet)
    assert indices[:, 0].tolist() == list(range(len(vectors)))
    assert indices[7, 1] == 3
    alike = vectors @ vectors.T
    np.testing.assert_allclose(np.sort(1 - np.partition(alike, -5)[:, -5:]), distances, atol=1e-5)
    assert (np.diff(distances[:, 1:], axis=1) >= 0).all()


def test_of_many_points_some_are_clustered_and_the_others_go_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    middles = np.array([[-1, -1], [1, 1], [1, -1]], np.float32)
    group = np.repeat(np.arange(3), 200)
    placed = (middles[group] + 0.05 * random.standard_normal((600, 2))).astype(np.float32)
    monkeypatch.setattr(layout, "MOST_CLUSTERED", 250)
    found = layout.clustered(placed)
    assert adjusted_rand_score(group, found) > 0.97


def test_one_cluster_never_holds_most_of_a_large_map() -> None:
    random = np.random.default_rng(3)
    placed = random.standard_normal((2400, 2)).astype(np.float32) * 0.3
    placed[2200:] = placed[2200:] * 0.1 + [3, 3]
    sizes = np.bincount(layout.clustered(placed) + 1)[1:]
    assert len(sizes) >= 2
    assert sizes.max() <= 600


def test_too_few_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / layout.VECTORS, drawn()[0][:4])
    command = [sys.executable, "-m", "memicos_app.library.maps.layout", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip() == "A map needs at least 10 features, and there are 4."
