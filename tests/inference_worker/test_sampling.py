"""One row's choice of tokens: stop strings over token borders, top-p, penalty, seeds, and what never happens."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from inference_worker.engine.errors import Diverged
from inference_worker.engine.sampling import Output, RowWriter, Sampling
from inference_worker.engine.stopping import DecidedText
from tests.inference_worker import tiny

VOCAB = 257


def likely(*tokens: int) -> torch.Tensor:
    """Logits that prefer these tokens, the first most."""
    logits = torch.linspace(-3, -2, VOCAB)
    for place, token in enumerate(tokens):
        logits[token] = 10.0 - place
    return logits


def written(text: str, sampling: Sampling) -> list[Output]:
    """The output after every letter of a text that the model insists on."""
    model = tiny.engine().model
    writer = RowWriter(model, sampling, sampling.max_tokens)
    seen = []
    for index in tiny.ids(text)[1:]:
        writer.write(likely(index))
        now = writer.output
        seen.append(Output(list(now.ids), now.text, now.finish_reason, list(now.logprobs)))
    return seen


def test_a_stop_string_ends_the_text_before_it_and_is_never_shown() -> None:
    seen = written("one two three four", Sampling(50, stop=("three", "xx"), n_logprobs=1))
    assert (seen[-1].text, seen[-1].finish_reason) == ("one two ", "stop")
    assert [one.text for one in seen[:8]] == ["o", "on", "one", "one ", "one ", "one tw", "one two", "one two "]
    assert not any(one.text[-1:] == "t" for one in seen), "a t may be the begin of three"
    assert len(seen[-1].ids) == len(seen[-1].logprobs) == len("one two ")
    assert all(later.text.startswith(earlier.text) for earlier, later in pairwise(seen))
    assert "".join(one.token for one in seen[-1].logprobs) == "one two "


def test_what_might_have_been_a_stop_string_is_there_at_the_end() -> None:
    seen = written("one thr", Sampling(7, stop=("three",), n_logprobs=1))
    assert [one.text for one in seen][-3:] == ["one ", "one ", "one thr"]
    assert (len(seen[-1].ids), seen[-1].finish_reason) == (7, "length")
    assert len(seen[-1].logprobs) == 7


@hypothesis(max_examples=150, deadline=None)
@given(
    pieces=st.lists(st.text("ab", max_size=3), max_size=12),
    stops=st.lists(st.text("ab", min_size=1, max_size=4), max_size=3),
)
def test_decided_text_is_the_text_before_the_first_stop_however_it_is_cut(
    pieces: list[str], stops: list[str]
) -> None:
    text = DecidedText[int](stops)
    shown, tokens = "", []
    for number, piece in enumerate(pieces):
        text.push(piece, number)
        new, ended = text.take()
        shown, tokens = shown + new, tokens + ended
        assert not any(stop in shown for stop in stops)
        if text.stopped:
            break
    text.finish("")
    new, ended = text.take()
    shown, tokens = shown + new, tokens + ended
    # The first stop string to be complete decides; of several that end with the same piece the leftmost.
    read = ""
    for piece in pieces:
        read += piece
        places = [place for place in map(read.find, stops) if place >= 0]
        if places:
            assert (shown, text.stopped) == (read[: min(places)], True)
            return
    assert (shown, text.stopped, tokens) == (read, False, list(range(len(pieces))))


def draws(logits: torch.Tensor, count: int, **options: float) -> Counter[int]:
    """How often each token is drawn, by one row that goes on."""
    model = tiny.engine().model
    writer = RowWriter(model, Sampling(count + 1, seed=7, **options), count + 1)  # type: ignore[arg-type]
    return Counter(writer.write(logits) for _ in range(count))


def test_draws_follow_the_probabilities() -> None:
    logits = torch.full((VOCAB,), -1e9)
    logits[[5, 6, 7]] = torch.tensor([0.5, 0.3, 0.2]).log()
    found = draws(logits, 3000, temperature=1.0)
    assert set(found) == {5, 6, 7}
    assert [found[token] / 3000 for token in (5, 6, 7)] == pytest.approx([0.5, 0.3, 0.2], abs=0.03)
    colder = draws(logits, 3000, temperature=0.5)
    assert colder[5] / 3000 == pytest.approx(0.25 / 0.38, abs=0.03)


@pytest.mark.parametrize(
    ("top_p", "left"), [(0.0, {5}), (0.4, {5}), (0.5, {5}), (0.51, {5, 6}), (0.85, {5, 6, 7}), (1.0, {5, 6, 7})]
)
def test_top_p_leaves_the_likeliest_that_reach_it(top_p: float, left: set[int]) -> None:
    logits = torch.full((VOCAB,), -1e9)
    logits[[5, 6, 7]] = torch.tensor([0.5, 0.3, 0.2]).log()
    assert set(draws(logits, 200, temperature=1.0, top_p=top_p)) == left


def test_top_p_of_a_flat_vocabulary_looks_beyond_its_first_candidates() -> None:
    flat = torch.zeros(VOCAB)
    flat[0] = -1e9  # the end token
    found = draws(flat, 2000, temperature=1.0, top_p=0.5)
    assert 100 < len(found) <= 129


def test_a_penalty_leaves_the_logits_as_they_were() -> None:
    writer = RowWriter(tiny.engine().model, Sampling(9, freq_penalty=2.0), 9)
    logits = likely(5, 6, 7)
    before = logits.clone()
    assert len({writer.write(logits) for _ in range(6)}) > 1
    assert torch.equal(logits, before)


@pytest.mark.parametrize("penalty", [2.0, 0.7, -1.5])
def test_a_penalty_is_subtracted_once_for_each_time(penalty: float) -> None:
    writer = RowWriter(tiny.engine().model, Sampling(20, freq_penalty=penalty), 20)
    logits, counts = likely(5, 6, 7), torch.zeros(VOCAB)
    for _ in range(12):
        expected = int((logits - penalty * counts).argmax())
        assert writer.write(logits) == expected
        counts[expected] += 1


def test_a_seed_has_its_own_draws_and_gives_them_again() -> None:
    logits = torch.randn(VOCAB, generator=torch.Generator().manual_seed(1))
    logits[0] = -1e9

    def text(seed: int) -> list[int]:
        writer = RowWriter(tiny.engine().model, Sampling(30, temperature=1.0, seed=seed), 30)
        return [writer.write(logits) for _ in range(20)]

    assert text(1) == text(1) != text(2)
    assert all(len(text(seed)) == 20 for seed in (0, -1, 2**63 - 1, -(2**63)))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("options", [{}, {"temperature": 1.0}, {"freq_penalty": 1.0}, {"n_logprobs": 3}])
def test_logits_that_are_no_numbers_end_the_row(bad: float, options: dict[str, float]) -> None:
    writer = RowWriter(tiny.engine().model, Sampling(9, **options), 9)  # type: ignore[arg-type]
    writer.write(likely(5))
    for logits in (likely(5).index_fill(0, torch.tensor([9]), bad), torch.full((VOCAB,), float("-inf"))):
        with pytest.raises(Diverged):
            writer.write(logits)


def test_a_temperature_that_is_nearly_nothing_takes_the_likeliest() -> None:
    for temperature in (1e-300, 1e-45, 1e-12):
        assert draws(likely(5, 6), 5, temperature=temperature) == Counter({5: 5})
