"""Imports, stops, deletions and uploads in any order: readers see what a plain model says, never half."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from memicos_app.db import session
from memicos_app.db.tables import Explanation
from memicos_app.library import feature_lists, features, uploads
from memicos_app.library.datasets.deleting import delete_source
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.datasets.layout import ActivationLine, FeatureLine
from memicos_app.library.datasets.states import source_state
from memicos_app.library.datasets.verify import verify_source
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.explanations import refresh_labels
from memicos_app.library.query import run_in
from memicos_app.library.uploads import Upload
from memicos_app.library.watch import Stopped, Unwatched
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, explanation, feature

INDICES = st.integers(0, 5)
UPLOADED = 3.0
"""Largest activation of every uploaded feature; no dataset has it."""


class StopsAfter(Unwatched):
    """Stops at a checkpoint."""

    def __init__(self, checkpoints: int) -> None:
        self.left = checkpoints

    async def checkpoint(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Stopped


class Library(RuleBasedStateMachine):
    """What is published, what is here, and what readers must see of it."""

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.versions = 0
        self.published: tuple[dict[int, float], dict[int, str]] = ({0: 1.0}, {})
        self.features: dict[int, float] | None = None
        self.explained: dict[int, str] = {}
        self.by_hand: dict[int, str] = {}
        self.imported: int | None = None
        """The version that is here."""
        self.known = False
        self.publish({0: 1.0, 1: 2.0}, {1})

    def teardown(self) -> None:
        with suppress(NotFoundError):
            self.run(delete_source(MODEL, SOURCE, everything=True))
        self.run(session.dispose())
        self.loop.close()
        self.folder.cleanup()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @rule(most=st.dictionaries(INDICES, st.sampled_from([1.0, 2.0, 4.0]), min_size=1), said=st.sets(INDICES))
    def publish(self, most: dict[int, float], said: set[int]) -> None:
        """The origin changes."""
        self.versions += 1
        words = {index: f"published{self.versions} of{index}" for index in said}
        self.published = most, words
        made = Folder(Path(self.folder.name))
        some = sorted(most)
        made.batch("features/batch-0", [feature(i, maxActApprox=most[i]) for i in some[::2]])
        made.batch("features/batch-1", [feature(i, maxActApprox=most[i]) for i in some[1::2]])
        made.batch("activations/batch-0", [activation(i, ["same", f" {i}"], [0, most[i]]) for i in some])
        made.batch("explanations/batch-0", [explanation(i, text) for i, text in words.items()])
        made.write()
        for path in made.path.rglob("*.gz"):
            os.utime(path, (self.versions, self.versions))

    @rule(patience=st.integers(0, 14))
    def import_and_stop(self, patience: int) -> None:
        self.known = True
        try:
            self.run(import_source(self.folder.name, MODEL, SOURCE, watch=StopsAfter(patience)))
        except Stopped:
            swapped = self.run(self.is_swapped())
            if not swapped:
                return
        self.now_imported()

    @rule()
    def import_all(self) -> None:
        self.known = True
        report = self.run(import_source(self.folder.name, MODEL, SOURCE))
        assert report.unchanged == (self.imported == self.versions)
        self.now_imported()

    def now_imported(self) -> None:
        if self.imported == self.versions:
            return
        most, words = self.published
        carried = {i: value for i, value in (self.features or {}).items() if value == UPLOADED and i not in most}
        self.features = {**most, **carried}
        self.explained = {i: text for i, text in words.items() if i in most}
        self.imported = self.versions

    async def is_swapped(self) -> bool:
        """Whether a stop came after the switch, while the old data was being removed."""
        state = await source_state(MODEL, SOURCE)
        return state.state == "complete" and state.unfinished is None and self.imported != self.versions

    @rule()
    def import_explanations(self) -> None:
        self.known = True
        work = import_source(self.folder.name, MODEL, SOURCE, parts=["explanations"])
        if self.features is None:
            with pytest.raises(BadInputError):
                self.run(work)
            return
        self.run(work)
        if self.imported != self.versions:
            self.explained = {i: text for i, text in self.published[1].items() if i in self.features}
            self.imported = None

    @precondition(lambda self: self.known)
    @rule(index=INDICES, replace=st.booleans())
    def upload(self, index: int, replace: bool) -> None:
        line = FeatureLine.model_validate({**feature(index), "maxActApprox": None})
        shown = ActivationLine.model_validate(activation(index, ["mine"], [UPLOADED]))
        self.run(uploads.upload(MODEL, SOURCE, [Upload(line, [shown])], replace=replace))
        self.features = self.features or {}
        if replace or index not in self.features:
            self.features[index] = UPLOADED

    @precondition(lambda self: self.known)
    @rule(index=INDICES)
    def write_by_hand(self, index: int) -> None:
        self.by_hand[index] = f"handmade of{index}"
        self.run(self.written(index))

    async def written(self, index: int) -> None:
        async with session.session() as writer:
            await run_in(writer, "DELETE FROM explanations WHERE id = :id", id=f"hand{index}")
            writer.add(
                Explanation(
                    id=f"hand{index}",
                    model_id=MODEL,
                    source_id=SOURCE,
                    index=index,
                    description=self.by_hand[index],
                )
            )
            await writer.flush()
            await refresh_labels(writer, MODEL, SOURCE)
            await writer.commit()

    @precondition(lambda self: self.known)
    @rule(everything=st.booleans())
    def delete(self, everything: bool) -> None:
        self.run(delete_source(MODEL, SOURCE, everything=everything))
        if everything:
            self.by_hand = {}
        self.features, self.explained, self.imported = None, {}, None
        self.known = bool(self.by_hand)

    @precondition(lambda self: self.imported is not None)
    @rule()
    def verify(self) -> None:
        report = self.run(verify_source(MODEL, SOURCE))
        assert report.ok, [*report.missing, *map(str, report.differences)]

    @invariant()
    def readers_see_the_model(self) -> None:
        if hasattr(self, "loop"):
            self.run(self.read())

    async def read(self) -> None:
        if not self.known:
            with pytest.raises(NotFoundError):
                await features.feature(MODEL, SOURCE, 0)
            return
        seen = await feature_lists.feature_list(MODEL, SOURCE)
        expected = self.features or {}
        assert {one.index: one.max_activation for one in seen.rows} == expected
        for index, most in expected.items():
            view = await features.feature(MODEL, SOURCE, index)
            tokens = ["mine"] if most == UPLOADED else ["same", f" {index}"]
            assert [one.tokens for one in view.activations] == [tokens]
            said = {words[index] for words in (self.explained, self.by_hand) if index in words}
            assert {one.description for one in view.explanations} == said
        for word in ("handmade", f"published{self.versions}"):
            found = await feature_lists.feature_list(MODEL, SOURCE, query=word)
            holding = {
                i for words in (self.explained, self.by_hand) for i, text in words.items() if word in text.split()
            }
            assert {one.index for one in found.rows} == holding & set(expected)


def test_any_order(database: str) -> None:
    run_state_machine_as_test(
        Library,
        settings=settings(
            max_examples=8,
            stateful_step_count=14,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
