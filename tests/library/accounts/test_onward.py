"""Where one goes after signing in: to no other site, however it is written."""

from __future__ import annotations

import pytest

from memicos_app.library.accounts import onward


@pytest.mark.parametrize(
    "wish",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        " /x",
        "evil.example",
        "",
        "///evil.example",
        "/.//evil.example",
        "/a/..//evil.example",
        "/%09//evil.example",
        "https:evil.example",
        "/\u00a0/\n/evil.example",
        "/signin?next=/signin",
        "/api/auth/x",
        "/" + "a" * 2000,
    ],
)
def test_one_is_led_to_no_other_site(wish: str) -> None:
    assert onward.place(wish) == "/"


@pytest.mark.parametrize(
    "wish",
    ["/", "/compare?a=1&b=//x", "/user/ada/lists#top", "/m/%2F%2Fevil.example", "/list/%5Cx", "/a?next=https://x"],
)
def test_one_is_led_on_within_the_site(wish: str) -> None:
    assert onward.place(wish) == wish
