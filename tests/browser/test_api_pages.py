"""The two pages of the API's documentation in a real browser, for an application with every route there is."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.ways.contract import serving_omnibus

from .conftest import Looker

pytestmark = [pytest.mark.browser, pytest.mark.timeout(90)]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving_omnibus() as served:
        yield served


def test_swagger_shows_every_group_and_an_example_that_can_be_sent(looker: Looker, url: str) -> None:
    looker.page.goto(f"{url}/docs")
    groups = looker.page.locator(".opblock-tag")
    expect(groups.first).to_contain_text("Last")
    assert groups.count() == 10
    send = looker.page.locator(".opblock:has([data-path='/api/v1/send/example'])")
    send.locator(".opblock-summary-control").click()
    send.get_by_role("button", name="Try it out").click()
    send.get_by_role("button", name="Execute").click()
    expect(send.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")
    assert [error for error in looker.errors if "deep link whitespace" not in error] == []
    assert looker.hosts == {urlsplit(url).netloc}


def test_redoc_shows_every_group(looker: Looker, url: str) -> None:
    looker.page.goto(f"{url}/redoc")
    expect(looker.page.locator("[id='tag/Last']")).to_be_visible(timeout=20_000)
    expect(looker.page.locator("[id='tag/Utility']")).to_be_attached()
    assert [error for error in looker.errors if "OpenAPI Sampler" not in error] == []
    assert looker.hosts == {urlsplit(url).netloc}
