"""Takes the pictures of the page that the documentation shows: ``python docs/images/make.py``.

It runs the demonstration until there is something to see and photographs it, light and dark, as page.png and
page-dark.png beside this file. It needs what the browser's tests need: playwright and /usr/bin/chromium.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).parent
ROWS = 22
"""How many ticks there are to be in the picture; the demonstration makes one a second."""


@contextmanager
def demonstration() -> Iterator[str]:
    """The demonstration on a free port; its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with TemporaryDirectory() as folder:
        environment = {**os.environ, "CSP_GATEWAY_PORT": str(port)}
        command = [sys.executable, "-m", "csp_gateway.server.demo"]
        program = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
        try:
            wait_for_port(port, program)
            yield f"http://127.0.0.1:{port}/"
        finally:
            program.terminate()
            program.wait(20)


def wait_for_port(port: int, program: subprocess.Popen[bytes]) -> None:
    """Wait until something listens on the port; RuntimeError when the program has ended instead."""
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            pass
        try:
            program.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        raise RuntimeError(f"the demonstration ended with {program.returncode}")


def photograph(browser: Browser, url: str, theme: str, path: Path) -> None:
    """One picture of the page, once it has enough rows and its chart is drawn."""
    context = browser.new_context(
        viewport={"width": 1400, "height": 860},
        color_scheme="dark" if theme == "dark" else "light",
        locale="en-GB",
        timezone_id="Etc/UTC",
    )
    page = context.new_page()
    page.goto(url)
    rows = page.locator("perspective-viewer-datagrid regular-table tbody tr")
    rows.nth(ROWS - 1).filter(has_text=":").wait_for(timeout=60_000)
    page.locator("perspective-viewer-charts-y-line canvas.webgl-canvas").wait_for()
    page.mouse.move(700, 860)
    page.screenshot(path=path)
    context.close()


def main() -> None:
    """Take both pictures."""
    with demonstration() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        for theme, name in (("light", "page.png"), ("dark", "page-dark.png")):
            photograph(browser, url, theme, HERE / name)
        browser.close()


if __name__ == "__main__":
    main()
