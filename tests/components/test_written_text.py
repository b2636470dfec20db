"""What a model wrote on the screen: markdown without HTML, thoughts apart, tokens where their characters are."""

from __future__ import annotations

import random
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from memicos_app.components import written_text
from memicos_app.components.token_strip import utf16_length
from memicos_app.components.written_text import choices, marks
from tests.components.javascript import javascript

SCRIPT = Path(written_text.__file__).with_name("written_text.js")
script = partial(javascript, SCRIPT)
BLOCKS = """text.blocks(given[0]).map(block => [block.kind, block.level, block.label ?? null,
  block.runs.map(run => [given[0].slice(run.from, run.to),
    Object.keys(run).filter(name => !["from", "to", "href"].includes(name)).join(" "), run.href ?? null])])"""


def drawn(markdown: str) -> list[Any]:
    """Each block as [kind, level, label, runs], each run as [text, style, address]."""
    found: list[Any] = script(BLOCKS, markdown)
    return found


def words(markdown: str) -> list[str]:
    """What is read of each block."""
    return ["".join(run[0] for run in block[3]) for block in drawn(markdown)]


def test_blocks_of_markdown() -> None:
    text = "# Title\nOne\ntwo\n\n- first\n  - next\n3. third\n> said\n> more\n---\n```python\na = 1\n**b**\n```\nend"
    assert [block[:3] for block in drawn(text)] == [
        ["heading", 1, None],
        ["text", 0, None],
        ["item", 0, "•"],
        ["item", 1, "•"],
        ["item", 0, "3."],
        ["quote", 0, None],
        ["rule", 0, None],
        ["code", 0, "python"],
        ["text", 0, None],
    ]
    assert words(text)[1] == "One\ntwo\n"
    assert words(text)[7] == "a = 1\n**b**\n"


def test_styles_nest_and_their_signs_go() -> None:
    ((_, _, _, runs),) = drawn("a **b *c* d** `e*f*` ~~g~~ \\*h\\* i_j_k 2*3*4")
    assert [run[:2] for run in runs] == [
        ["a ", ""],
        ["b ", "bold"],
        ["c", "bold italic"],
        [" d", "bold"],
        [" ", ""],
        ["e*f*", "code"],
        [" ", ""],
        ["g", "struck"],
        [" ", ""],
        ["*", ""],
        ["h", ""],
        ["*", ""],
        [" i_j_k 2*3*4", ""],
    ]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("[here](https://example.org/a?b=c)", "https://example.org/a?b=c"),
        ("see https://example.org/a.", "https://example.org/a"),
        ("[mail](mailto:a@b.c)", "mailto:a@b.c"),
        ("[x](javascript:alert(1))", None),
        ("[x](JaVaScRiPt:alert)", None),
        ("[x](data:text/html,<script>)", None),
        ("[x](//example.org)", None),
        ("[x](/api/vector/delete)", None),
        ('[x](https://a.b/"onmouseover=alert)', None),
        ("![x](https://a.b/pixel.png)", "https://a.b/pixel.png"),
    ],
)
def test_links_lead_to_the_web_or_nowhere(text: str, address: str | None) -> None:
    links = [run[2] for run in drawn(text)[0][3] if run[2]]
    assert links == ([address] if address else [])
    if address is None:
        assert words(text) == [text]


@pytest.mark.parametrize("text", ["<img src=x onerror=alert(1)>", "<script>a</script>", "&lt;b&gt; <b>no</b>"])
def test_html_stays_text(text: str) -> None:
    assert words(text) == [text]


def test_thoughts_are_apart_and_open_while_they_go_on() -> None:
    parts = "text.thoughts(given[0]).map(part => [part.thought, part.open, given[0].slice(part.from, part.to)])"
    assert script(parts, "<think>why</think>so <think>but") == [
        [True, False, "why"],
        [False, False, "so "],
        [True, True, "but"],
    ]
    assert script(parts, "no </think> thought <thin") == [[False, False, "no </think> thought <thin"]]


def test_no_text_is_lost_or_doubled() -> None:
    chance = random.Random(7)
    texts = ["".join(chance.choices("*_`~[]()#>- \n\\ab<1.é👍", k=chance.randrange(60))) for _ in range(400)]
    ranges = "given[0].map(one => text.blocks(one).flatMap(block => block.runs.map(run => [run.from, run.to])))"
    for one, runs in zip(texts, script(ranges, texts), strict=True):
        assert all(before[1] <= after[0] for before, after in pairwise(runs)), one
        assert all(0 <= begin <= end <= utf16_length(one) for begin, end in runs), one


def test_tokens_are_where_their_characters_are() -> None:
    assert script("text.starts(given[0], given[1])", "a dog 👍 b", ["a", " dog", " \\xF0\\x9F", "\\x91", " b"]) == [
        0,
        1,
        5,
        5,
        8,
    ]
    assert script("text.starts(given[0], given[1])", "stopped", ["stop", "ped", " here"]) == [0, 4, 7]
    assert script("text.cut(2, 9, [0, 2, 5, 5, 9, 12])") == [[2, 5], [5, 9]]


def test_shares_are_short() -> None:
    assert script("given[0].map(text.percent)", [0.0, -0.7, -3.0, -9.0]) == ["100 %", "50 %", "5.0 %", "< 0.1 %"]


def test_marks_are_in_the_browsers_units() -> None:
    assert marks("👍 one two", "👍 one 2") == [6, 10]
    assert marks("same", "same") == []


def test_choices_travel_small() -> None:
    top = [{"token": " a", "logprob": -0.123456}, {"token": " b", "logprob": -2.0}]
    assert choices([{"token": " a", "logprob": -0.123456, "top_logprobs": top}]) == [
        [" a", -0.123, [[" a", -0.123], [" b", -2.0]]]
    ]
    assert choices(None) == []
