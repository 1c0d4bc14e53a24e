"""What the garbage collector passes over while a gateway is open, and no longer."""

import gc
from collections.abc import Iterator
from weakref import ref

import pytest

from csp_gateway import Gateway
from csp_gateway.server.gateway.settled import Settled
from csp_gateway.testing import serving_gateway

FEW = 1_000
"""Python 3.12 counts what lives for ever as frozen, and finds more of it at each collection."""


class Knot:
    """An object that only a collector finds to be garbage."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_if_none_had_been(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(Settled, "_is_first", True)
    assert gc.get_freeze_count() < FEW
    yield
    assert gc.get_freeze_count() < FEW


def test_what_was_there_is_passed_over_and_what_comes_is_not() -> None:
    settled = Settled()
    old = Knot()
    before = ref(old)
    settled.hold()
    del old
    new = ref(Knot())
    gc.collect()
    assert before() is not None
    assert new() is None
    settled.release()
    gc.collect()
    assert before() is None


def test_it_is_the_first_that_holds_it() -> None:
    first, second = Settled(), Settled()
    first.hold()
    second.hold()
    second.release()
    assert gc.get_freeze_count() > 10_000
    first.release()
    assert gc.get_freeze_count() < FEW
    Settled().hold()


def test_who_freezes_by_himself_is_left_to_it() -> None:
    gc.freeze()
    settled = Settled()
    settled.hold()
    settled.release()
    assert gc.get_freeze_count() > 10_000
    gc.unfreeze()


def test_who_has_ended_before_holds_nothing() -> None:
    settled = Settled()
    settled.release()
    settled.hold()


def test_a_gateway_holds_it_while_it_is_open() -> None:
    gateway = Gateway()
    gateway.start(block=False)
    frozen = gc.get_freeze_count()
    gateway.stop()
    assert frozen > 10_000


def test_so_does_one_that_serves() -> None:
    with serving_gateway(Gateway()):
        assert gc.get_freeze_count() > 10_000
