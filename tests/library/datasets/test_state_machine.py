"""Imports, stops, deletions and uploads in any order: readers see what a plain model says, never half."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections import Counter
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
EXAMPLES, STEPS = 6, 12
CONTENT = st.dictionaries(INDICES, st.sampled_from([1.0, 2.0, 4.0]), min_size=1)
PATIENCE = st.sampled_from([7, 9, 8, 10, 6, 11, 4, 13])
UPLOADED = 3.0
"""Largest activation of every uploaded feature; no dataset has it."""


HAPPENED: Counter[str] = Counter()
"""What the steps came upon; a state machine that never meets a case proves nothing of it."""
CASES = {
    "carried over",
    "replaced",
    "stopped",
    "gone on",
    "unchanged",
    "explanations alone",
    "kept by hand",
}


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
        self.runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
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
        self.runner.close()
        self.folder.cleanup()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

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

    @rule(most=CONTENT, said=st.sets(INDICES), patience=PATIENCE, goes_on=st.sampled_from([True, True, False]))
    def publish_and_be_stopped(self, most: dict[int, float], said: set[int], patience: int, goes_on: bool) -> None:
        """The origin changes, and its import is stopped somewhere, or comes to its end."""
        self.publish(most, said)
        self.known = True
        try:
            self.run(import_source(self.folder.name, MODEL, SOURCE, watch=StopsAfter(patience)))
        except Stopped:
            HAPPENED["stopped"] += 1
            if not self.run(self.is_swapped()):
                self.run(self.read())
                return self.import_all() if goes_on else None
        return self.now_imported()

    def import_all(self) -> None:
        self.known = True
        report = self.run(import_source(self.folder.name, MODEL, SOURCE))
        HAPPENED["gone on"] += report.n_kept > 0
        HAPPENED["unchanged"] += report.unchanged
        assert report.unchanged == (self.imported == self.versions)
        self.now_imported()

    @rule(most=CONTENT, said=st.sets(INDICES), again=st.booleans())
    def publish_and_import(self, most: dict[int, float], said: set[int], again: bool) -> None:
        """The origin changes and is imported, perhaps twice."""
        self.publish(most, said)
        self.import_all()
        if again:
            self.import_all()

    def now_imported(self) -> None:
        if self.imported == self.versions:
            return
        most, words = self.published
        carried = {i: value for i, value in (self.features or {}).items() if value == UPLOADED and i not in most}
        self.features = {**most, **carried}
        HAPPENED["carried over"] += len(carried)
        self.explained = {i: text for i, text in words.items() if i in most}
        self.imported = self.versions

    async def is_swapped(self) -> bool:
        """Whether a stop came after the switch, while the old data was being removed."""
        state = await source_state(MODEL, SOURCE)
        return state.state == "complete" and state.unfinished is None and self.imported != self.versions

    @rule(said=st.sets(INDICES, min_size=1))
    def publish_and_import_explanations(self, said: set[int]) -> None:
        """The origin changes, and only its explanations are imported."""
        self.publish(self.published[0], said)
        self.known = True
        work = import_source(self.folder.name, MODEL, SOURCE, parts=["explanations"])
        if self.features is None:
            with pytest.raises(BadInputError):
                self.run(work)
            return
        self.run(work)
        HAPPENED["explanations alone"] += 1
        self.explained = {i: text for i, text in self.published[1].items() if i in self.features}
        self.imported = None

    @precondition(lambda self: self.known)
    @rule(index=st.integers(3, 7), replace=st.sampled_from([True, True, False]))
    def upload(self, index: int, replace: bool) -> None:
        line = FeatureLine.model_validate({**feature(index), "maxActApprox": None})
        shown = ActivationLine.model_validate(activation(index, ["mine"], [UPLOADED]))
        self.run(uploads.upload(MODEL, SOURCE, [Upload(line, [shown])], replace=replace))
        self.features = self.features or {}
        if replace or index not in self.features:
            HAPPENED["replaced"] += index in self.features
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

    @precondition(lambda self: self.known and self.features)
    @rule(
        everything=st.sampled_from([False, True, False]), index=INDICES, written=st.sampled_from([True, True, False])
    )
    def delete(self, everything: bool, index: int, written: bool) -> None:
        if written:
            self.write_by_hand(index)
        self.run(delete_source(MODEL, SOURCE, everything=everything))
        if everything:
            self.by_hand = {}
        HAPPENED["kept by hand"] += bool(self.by_hand)
        self.features, self.explained, self.imported = None, {}, None
        self.known = bool(self.by_hand)

    @precondition(lambda self: self.imported is not None)
    @rule()
    def verify(self) -> None:
        report = self.run(verify_source(MODEL, SOURCE))
        assert report.ok, [*report.missing, *map(str, report.differences)]

    @invariant()
    def readers_see_the_model(self) -> None:
        if hasattr(self, "runner"):
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


def test_every_case(database: str) -> None:
    """A walk through all that the machine knows: what chance leaves out is met here."""
    HAPPENED.clear()
    machine = Library()
    machine.begin()
    machine.publish_and_import({0: 1.0, 1: 2.0, 5: 1.0}, {0}, True)
    machine.upload(5, True)
    machine.upload(7, False)
    machine.verify()
    machine.publish_and_be_stopped({0: 4.0, 2: 2.0}, {2}, 5, True)
    machine.readers_see_the_model()
    assert machine.features == {0: 4.0, 2: 2.0, 5: UPLOADED, 7: UPLOADED}
    machine.publish_and_import_explanations({0, 7})
    machine.readers_see_the_model()
    machine.delete(False, 2, True)
    machine.readers_see_the_model()
    machine.publish_and_import({2: 1.0}, set(), False)
    machine.readers_see_the_model()
    machine.teardown()
    assert {case for case, times in HAPPENED.items() if times} == CASES, HAPPENED


def test_any_order(database: str) -> None:
    run_state_machine_as_test(
        Library,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
