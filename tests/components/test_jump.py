"""What a person types into the jump box leads where they mean."""

from __future__ import annotations

import pytest

from memicos_app.components.jump import address, outside, place, suggestions

MODEL, SOURCE = "smollm2-135m-it", "15-res-4k"


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("2213", "/smollm2-135m-it/15-res-4k/2213"),
        (" 7/12 ", "/smollm2-135m-it/7-res-4k/12"),
        ("23-res-4k/5", "/smollm2-135m-it/23-res-4k/5"),
        ("gpt2-small/0-res-jb/14057", "/gpt2-small/0-res-jb/14057"),
        ("gpt2-small/0-res-jb", "/gpt2-small/0-res-jb"),
        ("/gpt2-small", "/gpt2-small"),
        (MODEL, "/smollm2-135m-it"),
        ("https://example.org/gpt2-small/0-res-jb/14057?embed=true#top", "/gpt2-small/0-res-jb/14057"),
        ("http://localhost:3000/smollm2-135m-it/15-res-4k/", "/smollm2-135m-it/15-res-4k"),
    ],
)
def test_addresses_and_numbers(typed: str, path: str) -> None:
    assert address(typed, MODEL, SOURCE) == path


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("energy", "energy"),
        ("work and energy", "work+and+energy"),
        ("and/or in law", "and%2For+in+law"),
        ("１２", "%EF%BC%91%EF%BC%92"),
        ("99999999999999999999", "99999999999999999999"),
        ("<img src=x>", "%3Cimg+src%3Dx%3E"),
    ],
)
def test_everything_else_is_searched(typed: str, query: str) -> None:
    assert address(typed, MODEL, SOURCE) == f"/search-explanations?q={query}"


def test_nothing_typed_is_the_search_page() -> None:
    assert address("  ", MODEL, SOURCE) == "/search-explanations"


def test_a_name_cannot_leave_its_place_in_the_path() -> None:
    assert place("..", "a/b?c#d", "") == "/../a%2Fb%3Fc%23d"
    assert place("") == "/"


def test_links_to_other_sites_are_web_addresses() -> None:
    assert outside("https://example.org/paper?a=1") == "https://example.org/paper?a=1"
    assert [outside(url) for url in ("javascript:alert(1)", "data:text/html,x", "//x", "https://a b", "")] == [""] * 5


async def test_a_number_is_suggested_without_asking_the_database() -> None:
    assert await suggestions("7/12", MODEL, SOURCE) == [
        {"words": "Go to smollm2-135m-it › 7-res-4k › 12", "note": "", "href": "/smollm2-135m-it/7-res-4k/12"}
    ]


async def test_words_end_with_the_search_page(database: str) -> None:
    assert [one["href"] for one in await suggestions("energy", MODEL, SOURCE)] == ["/search-explanations?q=energy"]
    assert await suggestions("   ", MODEL, SOURCE) == []
