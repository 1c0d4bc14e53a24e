"""Modules shut down side by side."""

import logging
import threading
from typing import Any

import pytest

from csp_gateway import GatewayModule
from csp_gateway.server.gateway.closing import close_modules


def module(name: str, act: Any) -> GatewayModule:
    return type(name, (GatewayModule,), {"connect": lambda *_: None, "shutdown": lambda self: act()})()


def test_all_are_called_at_once() -> None:
    together = threading.Barrier(3, timeout=10)
    assert close_modules([module("A", together.wait)] * 3, 10) == []


def test_one_that_raises_keeps_nobody_else_from_it(caplog: pytest.LogCaptureFixture) -> None:
    called = []
    parts = [module("Bad", lambda: 1 / 0), module("Good", lambda: called.append(1))]
    with caplog.at_level(logging.ERROR):
        (failure,) = close_modules(parts, 10)
    assert str(failure) == "Bad.shutdown raised ZeroDivisionError: division by zero"
    assert isinstance(failure.__cause__, ZeroDivisionError)
    assert called == [1]
    assert "ZeroDivisionError" in caplog.text


def test_one_that_does_not_end_is_named_and_left_behind() -> None:
    held = threading.Event()
    try:
        (failure,) = close_modules([module("Slow", lambda: held.wait(30))], 0.05)
        assert str(failure) == "Slow.shutdown had not ended after 0.05 s"
    finally:
        held.set()


def test_where_no_thread_can_be_begun_they_are_called_in_turn() -> None:
    called: list[str] = []
    parts = [module("First", lambda: called.append("first")), module("Second", lambda: called.append("second"))]
    before = threading.stack_size(1 << 46)  # more than there is
    try:
        assert close_modules(parts, 10) == []
    finally:
        threading.stack_size(before)
    assert called == ["first", "second"]
