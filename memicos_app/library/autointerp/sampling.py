"""The texts by which an explanation is judged: some in which its feature fires, as many in which it does not.

Those that fire are drawn evenly from the tenths of the feature's range, as far as examples are stored. The others are
examples of other features of the source, drawn at random; that the feature is silent in them is measured where the
worker serves the source, else it is likely and no more, and `Sample.may_fire` says how likely it is not.
The same seed draws the same texts, whatever order they are asked for in.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from memicos_app.library import blocks, sequences
from memicos_app.library.autointerp import silence
from memicos_app.library.errors import BadInputError, NotFoundError, UnavailableError
from memicos_app.library.query import Row, row, rows

PER_KIND = 20
FEWEST = 3
"""Texts of either kind without which nothing can be said."""
MOST = 100
TOKENS = 32
"""Tokens of a text, around its strongest one."""
DECILES = 10
_ROUNDS = 6
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Context:
    """A stretch of text with one activation a token."""

    tokens: tuple[str, ...]
    values: tuple[float, ...]
    """All 0 where the feature does not fire."""
    decile: int
    """Which tenth of the feature's range the strongest token is in, 10 the highest; 0: the feature does not fire."""
    origin: str
    """The stored example that it is a part of: source/index/place."""

    @property
    def fires(self) -> bool:
        """Whether the feature fires in it."""
        return self.decile > 0


@dataclass(frozen=True, slots=True)
class Sample:
    """What an explanation of a feature is judged by."""

    firing: tuple[Context, ...]
    silent: tuple[Context, ...]
    maximum: float
    """Largest activation that is known of the feature."""
    checked: bool
    """The worker was asked about the silent ones; else they are silent as far as one can guess."""
    may_fire: float
    """Share of the silent texts in which the feature is to be expected to fire nevertheless."""


async def draw(
    model_id: str, source_id: str, index: int, *, n: int = PER_KIND, seed: int = 0, check: bool = True
) -> Sample:
    """Up to `n` texts of each kind; as many of one as of the other.

    Args:
        check: ask the worker that the feature is silent in the silent ones, if it can say so.

    Raises:
        BadInputError: `n` is out of its range, or too few examples are stored.
        NotFoundError: there is no such feature.
    """
    check_size(n)
    for _ in range(_ATTEMPTS):
        try:
            return await _Draw(model_id, source_id, index, seed).sample(n, check)
        except sequences.GenerationGone:
            continue
    raise UnavailableError("The source is being replaced; try again in a moment.", retry_after=5)


def check_size(n: int) -> None:
    """Raises `BadInputError` where so many texts of each kind cannot be drawn."""
    if not FEWEST <= n <= MOST:
        raise BadInputError(f"Between {FEWEST} and {MOST} texts of each kind can be drawn.", field="n")


class _Draw:
    """One drawing, with a generator of chance of its own."""

    def __init__(self, model_id: str, source_id: str, index: int, seed: int) -> None:
        self.model_id, self.source_id, self.index = model_id, source_id, index
        self.chance = random.Random(f"{seed}/{model_id}/{source_id}/{index}")
        self.own: set[tuple[str, ...]] = set()
        """Whole stored windows of the feature, to recognise them under other features."""

    async def sample(self, n: int, check: bool) -> Sample:
        found = await self._feature()
        contexts = await self._stored(found)
        firing = _evenly([one for one in contexts if one.fires], n, self.chance)
        if len(firing) < FEWEST:
            raise BadInputError(
                f"Feature {self.source_id}/{self.index} has {len(firing)} stored examples in which it fires; "
                f"{FEWEST} are the fewest by which an explanation can be judged.",
                field="index",
            )
        silent, checked = await self._silent(found, contexts, len(firing), check)
        fewer = min(len(firing), len(silent))
        if fewer < FEWEST:
            raise BadInputError(
                f"Only {len(silent)} texts were found in which feature {self.source_id}/{self.index} is silent.",
                field="index",
            )
        may_fire = 0.0 if checked else 1 - (1 - min(1.0, max(0.0, found["density"]))) ** TOKENS
        return Sample(tuple(firing[:fewer]), tuple(silent[:fewer]), float(found["max_activation"]), checked, may_fire)

    async def _feature(self) -> Row:
        found = await row(
            """
            SELECT s.current_generation AS generation, f.density, f.max_activation, e.block,
                (SELECT max(o.index) FROM features AS o WHERE o.generation_id = s.current_generation) AS last
            FROM sources AS s JOIN features AS f ON f.generation_id = s.current_generation AND f.index = :index
            LEFT JOIN feature_examples AS e ON e.generation_id = f.generation_id AND e.index = f.index
            WHERE s.model_id = :model AND s.id = :source
            """,
            model=self.model_id,
            source=self.source_id,
            index=self.index,
        )
        if found is None:
            raise NotFoundError(
                f"There is no feature {self.model_id}/{self.source_id}/{self.index} here.", field="index"
            )
        return found

    async def _stored(self, found: Row) -> list[Context]:
        """The feature's own examples, each text once."""
        if found["block"] is None:
            return []
        block = blocks.decode(bytes(found["block"]))
        windows = await sequences.windows(found["generation"], block)
        self.own = {tuple(window) for window in windows}
        made = []
        for place, (tokens, values, peak) in enumerate(zip(windows, block.values(), block.peaks(), strict=True)):
            decile = _decile(values[peak], found["max_activation"])
            origin = f"{self.source_id}/{self.index}/{place}"
            made.append(_cut(tokens, values, peak, decile, origin))
        return list({one.tokens: one for one in reversed(made)}.values())[::-1]

    async def _silent(
        self, found: Row, contexts: Sequence[Context], n: int, check: bool
    ) -> tuple[list[Context], bool]:
        """Texts in which it does not fire, and whether that was measured."""
        known = [one for one in contexts if not one.fires][:n]
        seen = {one.tokens for one in contexts}
        found_silent: list[Context] = []
        checked = check
        for _ in range(_ROUNDS):
            drawn = [one for one in await self._others(found, n) if one.tokens not in seen]
            seen |= {one.tokens for one in drawn}
            if checked:
                quiet = await silence.silent(self.model_id, self.source_id, self.index, [o.tokens for o in drawn])
                checked = quiet is not None
                drawn = drawn if quiet is None else [one for one, is_so in zip(drawn, quiet, strict=True) if is_so]
            found_silent += drawn
            if len(known) + len(found_silent) >= n:
                break
        return (known + found_silent)[:n], checked

    async def _others(self, found: Row, n: int) -> list[Context]:
        """A text each of `n` other features, both drawn at random."""
        starts = [self.chance.randint(0, found["last"]) for _ in range(n)]
        others = await rows(
            """
            SELECT o.index, e.block FROM unnest(CAST(:starts AS integer[])) WITH ORDINALITY AS t (start, place)
            CROSS JOIN LATERAL (
                SELECT f.index FROM features AS f
                WHERE f.generation_id = :generation AND f.index >= t.start AND f.index <> :own
                    AND f.max_activation > 0
                ORDER BY f.index LIMIT 1
            ) AS o
            JOIN feature_examples AS e ON e.generation_id = :generation AND e.index = o.index
            ORDER BY t.place
            """,
            starts=starts,
            generation=found["generation"],
            own=self.index,
        )
        stored = [(one["index"], blocks.decode(bytes(one["block"]))) for one in others]
        chosen = [(index, block, self.chance.randrange(len(block))) for index, block in stored if len(block)]
        windows = await sequences.windows_at(found["generation"], [(block, place) for _, block, place in chosen])
        made: dict[tuple[str, ...], Context] = {}
        for (index, block, place), tokens in zip(chosen, windows, strict=True):
            if tuple(tokens) not in self.own:
                silent = _cut(tokens, (), block.peaks()[place], 0, f"{self.source_id}/{index}/{place}")
                made.setdefault(silent.tokens, silent)
        return list(made.values())


def _evenly(contexts: Sequence[Context], n: int, chance: random.Random) -> list[Context]:
    """As many from each tenth as there are, the strongest first where they do not come out even."""
    tenths: dict[int, list[Context]] = {}
    for one in contexts:
        tenths.setdefault(one.decile, []).append(one)
    for tenth in tenths.values():
        chance.shuffle(tenth)
    turns = zip_longest(*(tenths[decile] for decile in sorted(tenths, reverse=True)))
    return [one for turn in turns for one in turn if one is not None][:n]


def _decile(value: float, maximum: float) -> int:
    """1 to 10; 0 for what does not fire."""
    if value <= 0:
        return 0
    return max(1, min(DECILES, math.ceil(DECILES * value / maximum))) if maximum > 0 else DECILES


def _cut(tokens: Sequence[str], values: Sequence[float], peak: int, decile: int, origin: str) -> Context:
    """`TOKENS` tokens around the peak; without values, or where it does not fire, they are 0."""
    start = max(0, min(peak - TOKENS // 2, len(tokens) - TOKENS))
    kept = tuple(tokens[start : start + TOKENS])
    firing = tuple(max(0.0, value) for value in values[start : start + TOKENS]) if decile else (0.0,) * len(kept)
    return Context(kept, firing, decile, origin)
