"""The page of the first example in a real browser: it ticks, it tells the truth, it comes back."""

from __future__ import annotations

import re
import signal
from importlib.metadata import version

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from .conftest import Looker, RunningGateway

pytestmark = [pytest.mark.browser, pytest.mark.timeout(90)]

# The numbers of the first column called x, from the top of the grid.
NUMBERS = """() => {
  const table = document.querySelector("perspective-viewer-datagrid")?.shadowRoot?.querySelector("regular-table");
  return [...(table?.querySelectorAll("tbody tr") ?? [])].map((row) => Number(row.lastElementChild.textContent));
}"""
# How many pixels of the chart's lines are painted.
PAINTED = """() => {
  const chart = document.querySelector("perspective-viewer-charts-y-line")?.shadowRoot;
  const canvas = chart?.querySelector("canvas.webgl-canvas");
  if (!canvas?.width) return 0;
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const pen = copy.getContext("2d");
  pen.drawImage(canvas, 0, 0);
  return pen.getImageData(0, 0, copy.width, copy.height).data.filter((value, at) => at % 4 === 3 && value > 0).length;
}"""
# Notes, frame by frame, how many grids there are on the page whenever its viewer can be seen.
WATCH = """() => {
  window.seen = [];
  const look = () => {
    const viewer = document.querySelector("perspective-viewer");
    const shown = viewer && Number(getComputedStyle(viewer).opacity) > 0;
    if (shown) window.seen.push(viewer.querySelectorAll("perspective-viewer-datagrid").length);
    requestAnimationFrame(look);
  };
  look();
}"""
BACKGROUND = "() => getComputedStyle(document.body).backgroundColor"


def visit(looker: Looker, gateway: RunningGateway) -> Page:
    """Open the page and wait until its grid has rows and is on the stage: before that, a loss takes it away."""
    looker.page.goto(gateway.url)
    looker.page.locator(
        "perspective-viewer:not(.backstage) perspective-viewer-datagrid regular-table td"
    ).first.wait_for()
    return looker.page


def wait_for_more(page: Page, than: int) -> None:
    """Wait until the newest number in the grid is higher."""
    page.wait_for_function(f"(than) => Math.max(0, ...({NUMBERS})()) > than", arg=than)


def test_the_example_ticks_newest_first_beside_its_chart(looker: Looker, shared_gateway: RunningGateway) -> None:
    page = visit(looker, shared_gateway)
    page.wait_for_function(f"() => ({NUMBERS})().length > 2")
    before = page.evaluate(NUMBERS)
    assert before == sorted(before, reverse=True)
    wait_for_more(page, max(before))

    header = page.locator("perspective-viewer-datagrid regular-table thead th")
    expect(header).to_have_text([re.compile("timestamp"), re.compile("x")])  # and no id
    expect(page.locator("perspective-viewer-tab").filter(has_text="x over time")).to_be_visible()
    page.wait_for_function(f"() => ({PAINTED})() > 500")

    assert looker.errors == []
    assert looker.hosts == {f"127.0.0.1:{shared_gateway.port}"}


def test_the_header_says_what_this_is_and_that_it_is_live(looker: Looker, shared_gateway: RunningGateway) -> None:
    page = visit(looker, shared_gateway)
    expect(page).to_have_title("Gateway")
    expect(page.get_by_role("heading", name="Gateway")).to_be_visible()
    expect(page.locator(".header-version")).to_have_text(version("csp-gateway"))
    expect(page.get_by_role("status")).to_have_text("Live")
    expect(page.get_by_role("link", name="Reference")).to_have_attribute("href", "redoc")


def test_a_gateway_that_dies_is_said_to_be_gone_and_found_again(looker: Looker, own_gateway: RunningGateway) -> None:
    page = visit(looker, own_gateway)
    status = page.get_by_role("status")
    expect(status).to_have_text("Live")
    wait_for_more(page, 1)
    own_gateway.stop(signal.SIGKILL)

    expect(status).to_have_text(re.compile(r"Reconnecting"))
    expect(page.get_by_role("alert")).to_contain_text("The gateway does not answer")
    expect(page.locator(".workspace")).to_have_attribute("data-stale", "true")
    page.wait_for_function(f"() => ({NUMBERS})().length > 0")  # what was there can still be read

    own_gateway.start()
    expect(status).to_have_text("Live")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator(".workspace")).to_have_attribute("data-stale", "false")
    expect(page.locator("perspective-viewer")).to_have_count(1)
    page.wait_for_function(f"() => ({NUMBERS})().length > 0")
    wait_for_more(page, page.evaluate(f"() => Math.max(0, ...({NUMBERS})())"))
    assert [error for error in looker.errors if "script error" in error] == []


def test_a_gateway_is_asked_at_once_by_who_does_not_want_to_wait(looker: Looker, own_gateway: RunningGateway) -> None:
    page = looker.page
    page.clock.install()
    visit(looker, own_gateway)
    own_gateway.stop(signal.SIGKILL)
    button = page.get_by_role("button", name="Try now")
    expect(button).to_be_visible()
    # The page's clock stands still, so that it does not try again by itself.
    page.clock.pause_at(page.evaluate("() => Date.now() + 1"))
    with page.expect_request(lambda asked: asked.url.startswith(own_gateway.url)):
        button.click()
    own_gateway.start()
    page.clock.resume()
    expect(page.get_by_role("status")).to_have_text("Live")


def test_the_dark_theme_is_chosen_once(context: BrowserContext, shared_gateway: RunningGateway) -> None:
    looker = Looker(context.new_page())
    page = visit(looker, shared_gateway)
    light = page.evaluate(BACKGROUND)
    page.get_by_role("button", name="Use the dark theme").click()
    dark = page.evaluate(BACKGROUND)
    assert dark != light
    expect(page.locator("perspective-viewer-datagrid")).to_have_attribute("theme", "Pro Dark")
    expect(page.locator("perspective-viewer-charts-y-line")).to_have_attribute("theme", "Pro Dark")
    assert page.evaluate("() => localStorage.getItem('csp-gateway:dark')") == "true"

    again = visit(Looker(context.new_page()), shared_gateway)
    assert again.evaluate(BACKGROUND) == dark
    expect(again.locator("perspective-viewer-datagrid")).to_have_attribute("theme", "Pro Dark")
    assert looker.errors == []


def test_the_theme_follows_the_desktop(looker: Looker, shared_gateway: RunningGateway) -> None:
    page = visit(looker, shared_gateway)
    light = page.evaluate(BACKGROUND)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"(light) => ({BACKGROUND})() !== light", arg=light)
    expect(page.locator("perspective-viewer-datagrid")).to_have_attribute("theme", "Pro Dark")


def test_several_tables_are_seen_together_and_one_by_one(looker: Looker, desk: RunningGateway) -> None:
    page = visit(looker, desk)
    expect(page.get_by_role("heading", name="Desk")).to_be_visible()
    expect(page.get_by_role("tab")).to_have_text(["Overview", "quotes", "notes"])
    panels = page.locator("perspective-viewer:not([hidden]) > perspective-viewer-tab")
    expect(panels).to_have_count(3)
    expect(panels.filter(has_text="bid, ask over time")).to_be_visible()

    page.get_by_role("tab", name="Overview").press("End")
    expect(page.get_by_role("tab", name="notes")).to_be_focused()
    expect(panels).to_have_count(1)
    page.locator("perspective-viewer:not([hidden]) regular-table td").filter(has_text="note ").first.wait_for()
    page.reload()
    expect(page.get_by_role("tab", name="notes")).to_have_attribute("aria-selected", "true")
    expect(panels).to_have_count(1)
    page.get_by_role("tab", name="quotes").click()
    expect(panels).to_have_count(2)
    assert looker.errors == []


def test_tables_are_first_seen_when_all_are_in_their_places(looker: Looker, desk: RunningGateway) -> None:
    looker.page.add_init_script(f"({WATCH})()")
    page = visit(looker, desk)
    page.wait_for_function("() => window.seen.length > 0")
    assert set(page.evaluate("() => window.seen")) == {2}


@pytest.mark.parametrize(("path", "landmark"), [("docs", ".opblock"), ("redoc", "[data-section-id]")])
def test_the_api_documentation_asks_nothing_of_another_host(
    looker: Looker, shared_gateway: RunningGateway, path: str, landmark: str
) -> None:
    looker.page.goto(shared_gateway.url + path)
    looker.page.locator(landmark).first.wait_for()
    assert looker.hosts == {f"127.0.0.1:{shared_gateway.port}"}
    assert [error for error in looker.errors if not error.startswith("warning")] == []
