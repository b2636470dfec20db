"""Prompts in files: those that come along, those of a person, versions that tell a changed file apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from memicos_app.library.autointerp.explainers import EXPLAINERS
from memicos_app.library.autointerp.material import FeatureName, Material, Text
from memicos_app.library.autointerp.parsing import explanation_in
from memicos_app.library.autointerp.prompts import SHIPPED, prompt, read
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.providers import ProviderError
from memicos_app.settings import get_settings
from tests.library.autointerp.conftest import SHORT_PROMPT

SEEN = Material(
    FeatureName("m", "s", 1),
    (
        Text(("My", " dog", " barks", "."), (0.0, 6.0, 3.0, 0.0), 1, source=0, target=1),
        Text(("A", " cat"), (0.0, 3.0), 1),
    ),
    (" pet",),
)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    folder = tmp_path / "prompts"
    folder.mkdir()
    yield folder
    get_settings.cache_clear()


@pytest.mark.parametrize("name", sorted(EXPLAINERS))
def test_every_prompt_fits_its_explainer(name: str) -> None:
    found = prompt(name)
    values = EXPLAINERS[name].values(SEEN, found.material)
    assert found.places == set(values), "the file asks for just what the explainer shows"
    messages = found.messages(values)
    assert [one.role for one in messages] == ["system", *["user", "assistant"] * len(found.shots), "user"]
    assert "{{" not in messages[-1].text
    for _, answer in found.shots:
        assert explanation_in(answer, found), "its own examples are answers that can be used"


def test_what_is_shown_of_a_feature() -> None:
    def shown(name: str) -> str:
        found = prompt(name)
        return found.messages(EXPLAINERS[name].values(SEEN, found.material))[-1].text

    assert shown("np_max-act") == 'Tokens:\n- " dog"\n- " cat"\n\nTexts:\n- "My dog barks."\n- "A cat"'
    assert shown("np_max-act-logits").startswith('Tokens after:\n- " barks"\n\nTokens:')
    assert 'Made likelier:\n- " pet"\n' in shown("np_max-act-logits")
    assert '" dog"\t10\n" barks"\t5\n"."\t0' in shown("oai_token-act-pair")
    assert shown("oai_token-act-pair").endswith('Not 0:\n" dog"\t10\n" barks"\t5\n" cat"\t5')
    assert shown("eleuther_acts_top20") == 'Example 1: "My <<dog>> barks."\nExample 2: "A <<cat>>"'
    assert shown("oai_attention-head") == 'Text 1: "<from>My</from> <to>dog</to> barks."'


def test_an_attention_explainer_needs_what_was_attended_to() -> None:
    seen = Material(SEEN.name, SEEN.texts[1:], ())
    with pytest.raises(BadInputError, match="choose another explainer"):
        EXPLAINERS["oai_attention-head"].values(seen, prompt("oai_attention-head").material)


def test_a_persons_own_file_goes_before(own: Path) -> None:
    shipped = prompt("np_max-act")
    (own / "np_max-act.v1.toml").write_text(SHORT_PROMPT)
    changed = prompt("np_max-act")
    assert changed.system == "Name what the texts have in common."
    assert (shipped.version[:2], changed.version[:2]) == ("1+", "1+")
    assert shipped.version != changed.version, "another file, another version"
    (own / "np_max-act.v2.toml").write_text(SHORT_PROMPT.replace("Name what", "Say what"))
    assert prompt("np_max-act").system == "Say what the texts have in common."


@pytest.mark.parametrize(
    "content", ["", "question = 3", "[question]\nsystem = 'x'\nuser = ''\n", SHORT_PROMPT.replace("12", "'a'")]
)
def test_a_file_that_cannot_be_used_is_named(own: Path, content: str) -> None:
    path = own / "np_max-act.v1.toml"
    path.write_text(content)
    with pytest.raises(BadInputError, match=r"np_max-act\.v1\.toml cannot be used"):
        read(path)


def test_a_prompt_that_there_is_not() -> None:
    with pytest.raises(NotFoundError):
        prompt("../../etc/passwd")
    assert {path.name.partition(".v")[0] for path in SHIPPED.glob("*.toml")} >= set(EXPLAINERS)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("Explanation: dogs", "dogs"),
        ("They are all alike.\n\n**Explanation: dogs and cats.**", "dogs and cats"),
        ("<think>Explanation: no</think>\nexplanation: yes", "yes"),
        ('Explanation: "the dog"', "the dog"),
        ("Explanation: ‹div› tags", "<div> tags"),
    ],
)
def test_answers_that_can_be_used(answer: str, said: str) -> None:
    assert explanation_in(answer, prompt("np_max-act")) == said


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "dogs",
        "Explanation:",
        "Explanation: ...",
        "Explanation: dogs\nI hope this helps!",
        "<think>Explanation: dogs",
        "Explanation: Method 1 fits: dogs",
        f"Explanation: {'very ' * 40}long",
        f"Explanation: {'x' * 500}",
        "Explanation: dogs\u202e",
    ],
)
def test_answers_that_cannot(answer: str) -> None:
    with pytest.raises(ProviderError) as error:
        explanation_in(answer, prompt("np_max-act"))
    assert error.value.kind == "bad_answer"


def test_a_cut_answer_is_none() -> None:
    with pytest.raises(ProviderError, match="cut off"):
        explanation_in("Explanation: dogs and", prompt("np_max-act"), cut=True)
