"""An edge handed out before anybody supplies it."""

from datetime import datetime, timedelta

import csp
import pytest
from csp import ts

from csp_gateway.server.channels.promise import Promise

START = datetime(2024, 1, 1)


def test_it_ticks_what_it_is_bound_to() -> None:
    def graph() -> None:
        promise = Promise(ts[int])
        csp.add_graph_output("out", promise + 1)
        promise.bind(csp.const(1))

    assert csp.run(graph, starttime=START, endtime=timedelta(seconds=1))["out"] == [(START, 2)]


def test_it_is_bound_once() -> None:
    promise = Promise(ts[int])

    def graph() -> None:
        promise.bind(csp.const(1))

    csp.build_graph(graph)
    with pytest.raises(RuntimeError, match="bound once"):
        promise.bind(promise)
