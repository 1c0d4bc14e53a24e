"""A gateway with a socket for all tests of one file, and others for those that want more of it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.server.web.live.desk import Served, serving


@pytest.fixture(scope="module")
def desk() -> Iterator[Served]:
    """It stays for the whole file: a test leaves it as it was."""
    with serving() as served:
        yield served


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """``serve(*modules, start={…}, **settings)`` gives one of the test's own."""
    with ExitStack() as stack:
        yield lambda *modules, **options: stack.enter_context(serving(*modules, **options))
