"""A real gateway in its own process, and a real browser that looks at it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from tests.zygote import python

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
START_SECONDS = 30
FIRST_EXAMPLE = ("-m", "csp_gateway.server.demo")


class RunningGateway:
    """A gateway as a program of its own, that can be killed and started again on the same port."""

    def __init__(self, folder: Path, *program: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._folder = folder
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = (self._folder / "gateway.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [*python(), *self._program],
                cwd=self._folder,
                env={**os.environ, "CSP_GATEWAY_PORT": str(self.port)},
                stdout=log,
                stderr=log,
            )
        with httpx2.Client() as client:
            for _ in range(START_SECONDS * 10):
                try:
                    if client.get(f"{self.url}api/v1/last/").is_success:
                        return
                except httpx2.TransportError:
                    pass
                try:
                    code = self._process.wait(0.1)
                except subprocess.TimeoutExpired:
                    continue
                raise AssertionError(f"the gateway ended with {code}:\n{self.log()}")
        raise AssertionError(f"the gateway did not answer in {START_SECONDS} s:\n{self.log()}")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it and return how it ended."""
        if self._process is None:
            return 0
        process, self._process = self._process, None
        process.send_signal(how)
        return process.wait(20)

    def log(self) -> str:
        """What it printed."""
        return (self._folder / "gateway.log").read_text()


@dataclass
class Looker:
    """One page in the browser, and everything that went wrong in it."""

    page: Page
    errors: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.errors.append(f"script error: {error}"))
        self.page.on("requestfailed", lambda request: self.errors.append(f"failed: {request.url} {request.failure}"))
        self.page.on("request", self._request)
        self.page.on("websocket", lambda opened: self.hosts.add(opened.url.split("/")[2]))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(f"{message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        if request.url.startswith(("http:", "https:", "ws:", "wss:")):
            self.hosts.add(request.url.split("/")[2])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    if not CHROMIUM.exists():
        pytest.fail(f"there is no {CHROMIUM}: `apt-get install chromium` installs it, and so does `make test`")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def shared_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """The first example, running; for tests that leave it as it is."""
    yield from _running(tmp_path_factory.mktemp("gateway"), *FIRST_EXAMPLE)


@pytest.fixture
def own_gateway(tmp_path: Path) -> Iterator[RunningGateway]:
    """The first example, running; for a test that kills it."""
    yield from _running(tmp_path, *FIRST_EXAMPLE)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[RunningGateway]:
    """A gateway with several tables, running."""
    yield from _running(tmp_path, str(Path(__file__).parent / "desk.py"))


def _running(folder: Path, *program: str) -> Iterator[RunningGateway]:
    gateway = RunningGateway(folder, *program)
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that has never been here, on a light desktop."""
    context = browser.new_context(viewport={"width": 1400, "height": 860}, color_scheme="light", locale="en-GB")
    context.set_default_timeout(20_000)
    yield context
    context.close()


@pytest.fixture
def looker(context: BrowserContext) -> Looker:
    """A page of that browser."""
    return Looker(context.new_page())
