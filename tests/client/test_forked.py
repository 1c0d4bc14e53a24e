"""What a process that was made by ``os.fork`` begins anew."""

from __future__ import annotations

import gc
import os

import pytest

from csp_gateway.client import forked
from csp_gateway.client.forked import renewed_in_child


class Held:
    def __init__(self) -> None:
        self.renewed = 0
        renewed_in_child(self.renew)

    def renew(self) -> None:
        self.renewed += 1


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # from 3.12 on, where there are threads
def test_a_child_renews_once_and_its_parent_does_not() -> None:
    held = Held()
    child = os.fork()
    if not child:
        os._exit(held.renewed)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert held.renewed == 0


def test_what_is_gone_is_not_kept() -> None:
    before = len(forked._RENEWS)
    held = Held()
    assert len(forked._RENEWS) == before + 1
    del held
    gc.collect()
    assert len(forked._RENEWS) == before
