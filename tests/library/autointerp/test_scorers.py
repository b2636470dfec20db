"""The scorers against a judge who knows the truth, over the real way to a model: identities, failures, refusals."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sklearn.metrics import roc_auc_score

from memicos_app.db import session
from memicos_app.library import scores
from memicos_app.library.autointerp import sampling, score
from memicos_app.library.autointerp.questions import Questions
from memicos_app.library.autointerp.sampling import Context
from memicos_app.library.autointerp.score import judge
from memicos_app.library.autointerp.scorers import SCORERS, batches, fuzzing, scorer
from memicos_app.library.autointerp.scorers.interface import Work
from memicos_app.library.autointerp.scorers.simulation import expected
from memicos_app.library.autointerp.scoring import Scored
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.errors import BadInputError
from memicos_app.library.providers import Answer, ChatModel, Ledger, ProviderError, TokenLogprob
from memicos_app.library.query import rows
from memicos_app.settings import get_settings
from tests.conftest import settle
from tests.library.autointerp import source
from tests.library.autointerp.judge import MODEL as RULE
from tests.library.autointerp.judge import Judge, judging
from tests.library.datasets.folder import MODEL, SOURCE

JUDGE = ChatModel("local", RULE)
BY_ANSWER = ("recall_alt", "eleuther_recall", "eleuther_fuzz")


@pytest.fixture(scope="module", autouse=True)
def imported(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Eight features that fire on a word each."""
    settle(import_source(source.by_hand(tmp_path_factory.mktemp("origin")), MODEL, SOURCE))
    settle(session.dispose())
    return module_database


@pytest.fixture(scope="module")
def served_judge() -> Iterator[Judge]:
    """The judge of this module."""
    with judging() as one:
        yield one


@pytest.fixture
def rule(served_judge: Judge, monkeypatch: pytest.MonkeyPatch) -> Iterator[Judge]:
    """The judge as the local provider, as he is by himself."""
    served_judge.mood, served_judge.spoil, served_judge.logprobs = "right", {}, True
    served_judge.asked.clear()
    monkeypatch.setenv("CHAT_BASE_URL", served_judge.url)
    get_settings.cache_clear()
    yield served_judge
    get_settings.cache_clear()


async def judged(name: str, *, n: int = 8, seed: int = 0, explanation: str = "e1") -> Scored:
    of = await scores.explained(explanation)
    return await judge(of, scorer(name), JUDGE, n=n, seed=seed, ledger=Ledger("score"), check=False)


@pytest.mark.parametrize("name", BY_ANSWER)
async def test_a_perfect_judge_an_inverted_one_and_two_who_always_say_the_same(name: str, rule: Judge) -> None:
    values = {}
    for mood in ("right", "wrong", "always", "never"):
        rule.mood = mood
        found = await judged(name)
        assert found.figure is not None
        assert (found.n, found.n_failed) == (16, 0)
        values[mood] = found.figure.value
    assert values == {"right": 1.0, "wrong": 0.0, "always": 0.5, "never": 0.5}


async def test_a_simulation_that_is_right_inverted_and_says_nothing(rule: Judge) -> None:
    values = {}
    for mood in ("right", "wrong", "always"):
        rule.mood = mood
        found = await judged("simulation", n=4)
        assert found.figure is not None
        values[mood] = found.figure.value
    assert values == {"right": pytest.approx(1.0), "wrong": pytest.approx(-1.0), "always": 0.0}
    firing = next(one for one in found.examples if one.context.fires)
    assert firing.simulated is not None
    assert len(firing.simulated) == len(firing.context.tokens)


async def test_vectors_need_nobody_to_ask() -> None:
    found = await score.score("e1", "eleuther_embedding", n=6, check=False)
    assert (found.scorer, found.prompt, found.cost_usd) == ("all-minilm-l6-v2", "", 0.0)
    examples = (await scores.details(found.id)).examples
    truth, told = [one["fires"] for one in examples], [one["similarity"] for one in examples]
    assert found.value == pytest.approx(roc_auc_score(truth, told))
    assert found.value > 0.7, "the word stands in the texts in which the feature fires, and only there"
    assert found.low is not None
    assert found.low < found.value


async def test_the_last_batch_may_have_fewer_than_five(rule: Judge) -> None:
    found = await judged("eleuther_recall", n=3)
    sizes = [body["messages"][-1]["content"].count("\nText ") for body in rule.asked]
    assert sorted(sizes) == [1, 5]
    assert (found.n, found.n_failed) == (6, 0)
    assert found.figure is not None
    assert found.figure.value == 1.0


async def test_the_same_seed_asks_the_same_questions(rule: Judge) -> None:
    async def asked(seed: int) -> list[str]:
        rule.asked.clear()
        await judged("eleuther_fuzz", seed=seed, n=5)
        return sorted(body["messages"][-1]["content"] for body in rule.asked)

    assert await asked(4) == await asked(4)
    assert await asked(5) != await asked(4)


async def test_the_order_of_the_texts_changes_nothing(rule: Judge) -> None:
    sample = await sampling.draw(MODEL, SOURCE, 1, n=8, check=False)
    chance, outcomes = random.Random(1), []
    for _ in range(2):
        mixed = replace(
            sample,
            firing=tuple(chance.sample(sample.firing, 8)),
            silent=tuple(chance.sample(sample.silent, 8)),
        )
        for name in SCORERS:
            rule.asked.clear()
            by = scorer(name)
            questions = Questions(JUDGE, Ledger("score"), "about", 3)
            said = await by.judge(Work("word1", mixed, 3, questions, await score._embedder("")))
            outcomes.append((name, by.figure(said), sorted(body["messages"][-1]["content"] for body in rule.asked)))
    half = len(outcomes) // 2
    assert outcomes[:half] == outcomes[half:]


async def test_a_failed_call_is_no_judgement(rule: Judge) -> None:
    rule.spoil = {1: "I would rather not say.", 2: "[1, 0]"}
    rule.mood = "wrong"
    found = await judged("eleuther_recall", n=10)
    assert (found.n, found.n_failed) == (10, 10)
    assert found.figure is None, "half of the texts without a judgement is too many"
    assert found.problem.startswith("10 of 20 texts have no judgement: ")
    assert "holds no lists" in found.problem
    failed = [one for one in found.examples if one.failure]
    assert [one.said for one in failed] == [None] * 10
    calls = await rows("SELECT state, error FROM provider_calls ORDER BY id DESC LIMIT 4")
    assert sorted(one["state"] for one in calls) == ["answered", "answered", "failed", "failed"]


async def test_few_failed_calls_leave_a_score_of_the_rest(rule: Judge) -> None:
    rule.spoil = {3: '{"reason": "no verdict"}'}
    found = await judged("recall_alt", n=8)
    assert (found.n, found.n_failed) == (15, 1)
    assert found.figure is not None
    assert found.figure.value == 1.0


async def test_what_ends_all_is_raised_by_its_name(rule: Judge) -> None:
    rule.spoil = {0: 401}
    with pytest.raises(ProviderError) as caught:
        await judged("recall_alt", n=3)
    assert (caught.value.kind, caught.value.final) == ("key", True)
    rule.spoil, rule.logprobs = {}, False
    with pytest.raises(ProviderError, match="rule gives no log-probabilities"):
        await judged("simulation", n=3)
    with pytest.raises(BadInputError, match="There is no scorer 'nothing'"):
        scorer("nothing")
    with pytest.raises(BadInputError, match="Detection needs a model"):
        await score.score("e1", "eleuther_recall", n=3)


async def test_a_score_is_kept_with_its_calls_and_cost(rule: Judge) -> None:
    found = await score.score("e2", "eleuther_recall", JUDGE, n=5, seed=9, check=False)
    assert (found.scorer, found.prompt.split("+")[0], found.seed) == ("local:rule", "score-detection.v1", 9)
    assert (found.tokens_in, found.tokens_out, found.cost_usd) == (200, 20, 0.0)
    assert found.settings == {"n": 5, "checked": False, "mayFire": pytest.approx(0.33, abs=0.01), "maximum": 10.0}
    calls = await rows("SELECT state, subject, answer FROM provider_calls ORDER BY id DESC LIMIT 2")
    assert {one["state"] for one in calls} == {"used"}
    assert all(one["subject"].startswith("toy/3-res-tiny/2 e2 eleuther_recall batch") for one in calls)
    assert [one["said"] for one in (await scores.details(found.id)).examples] == [True] * 5 + [False] * 5


def test_marks_stand_around_runs_of_tokens_and_nowhere_else() -> None:
    assert fuzzing.with_marks(["The", " red", " car", " went"], (1, 2)) == '"The <<red car>> went"'
    assert fuzzing.with_marks(["a", " <<b>>", ' "'], ()) == '"a ‹‹b›› \\""', "a text has no marks of its own"


def test_marks_are_the_tokens_that_fire_clearly_and_fit_other_texts() -> None:
    context = Context(("a", "b", "c", "d"), (0.0, 10.0, 2.9, 3.0), 10, "")
    assert fuzzing.marks(context) == (1, 3)
    assert fuzzing.copied((1, 3), 3) == (0, 1)


@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        ("[1, 0, 1]", [1, 0, 1]),
        ("Here you are: [1,0,1].", [1, 0, 1]),
        ("[1, 0]", None),
        ("[1, 0, 2]", None),
        ("[1, 0, true]", None),
        ("[1, 0, 1] or [0, 0, 0]", None),
        ("1, 0, 1", None),
        ("[[1, 0, 1]]", [1, 0, 1]),
    ],
)
def test_an_answer_is_a_list_of_the_right_length_or_none(said: str, numbers: list[int] | None) -> None:
    answer = Answer(said, None, None, None, 0)
    if numbers is None:
        with pytest.raises(ValueError, match="The answer"):
            batches.reading(3)(answer)
    else:
        assert batches.reading(3)(answer) == numbers


def test_expected_strength_by_the_probabilities() -> None:
    def at(token: str, **top: float) -> TokenLogprob:
        import math

        return TokenLogprob(token, math.log(top.get(token, 1.0)), tuple((t, math.log(p)) for t, p in top.items()))

    half = at("3", **{"3": 0.5, "7": 0.25, "x": 0.25})
    assert expected([half], 0, 3) == pytest.approx((3 * 0.5 + 7 * 0.25) / 0.75)
    assert expected([at("10", **{"10": 0.8, "0": 0.2})], 0, 10) == pytest.approx(8.0)
    digits = [at("1", **{"1": 1.0}), at("0", **{"0": 0.25, "\n": 0.75})]
    assert expected(digits, 0, 10) == pytest.approx(10 * 0.25 + 1 * 0.75), "in a vocabulary of digits"
    assert expected([at("\t6", **{"\t6": 1.0})], 0, 6) == 6.0
    assert expected([TokenLogprob("4.", -0.1, (("four", -0.2),))], 0, 4) == 4.0


def test_every_scorer_says_what_it_does() -> None:
    for name, one in SCORERS.items():
        assert one.name == name
        assert len(one.description) > 80
        assert (one.prompt is None) is (not one.asks)
    assert len({one.title for one in SCORERS.values()}) == len(SCORERS)
    assert list(itertools.islice(SCORERS, 2)) == ["recall_alt", "eleuther_recall"]
