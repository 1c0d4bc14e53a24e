"""What the options of all commands say."""

from __future__ import annotations

import pytest

from csp_gateway.client.console.failures import WrongUsage
from csp_gateway.client.console.settings import Settings


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("desk:9000", "http://desk:9000"),
        ("https://desk.example.com/eu", "https://desk.example.com/eu"),
        ("http://localhost:8000/api/v1", "http://localhost:8000"),
    ],
)
def test_a_url_is_where_the_gateway_is(url: str, root: str) -> None:
    assert Settings(url=url).config().root_url == root


@pytest.mark.parametrize("url", ["ftp://desk", "http://desk:x", "http://me:secret@desk", "http://"])
def test_a_url_that_cannot_be_is_refused(url: str) -> None:
    with pytest.raises(WrongUsage, match="URL"):
        Settings(url=url).config()


def test_what_stands_behind_the_command_counts_more() -> None:
    before = Settings(url="a", token="t0ken", timeout=1.0)
    both = Settings(url="b", bearer="b3arer").over(before)
    assert (both.url, both.token, both.bearer, both.timeout) == ("b", None, "b3arer", 1.0)
    assert both.secrets == ["b3arer"]
    with pytest.raises(WrongUsage, match="exclude one another"):
        Settings(token="a", bearer="b").config()
