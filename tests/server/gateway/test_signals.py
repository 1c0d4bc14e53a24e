"""Signals as a request to stop."""

import signal
import threading

import pytest

from csp_gateway.server.gateway.signals import stop_on_signals


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGUSR1"])
def test_a_signal_asks_to_stop_and_the_old_handler_comes_back(name: str) -> None:
    number = getattr(signal, name)
    before = signal.getsignal(number)
    asked = []
    with stop_on_signals(lambda: asked.append(name)):
        signal.raise_signal(number)
        signal.raise_signal(number)
    assert asked == [name, name]
    assert signal.getsignal(number) is before


def test_elsewhere_than_in_the_main_thread_it_does_nothing() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen = []

    def enter() -> None:
        with stop_on_signals(lambda: None):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [before]
