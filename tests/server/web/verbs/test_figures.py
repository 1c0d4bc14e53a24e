"""Figures of the process and its machine."""

import json
import os
import threading
from datetime import UTC, datetime, timedelta

import psutil

from csp_gateway.server.web.verbs.figures import Figures


def test_the_figures_are_json_and_of_this_process() -> None:
    told = json.loads(json.dumps(Figures().read()))
    assert told["pid"] == os.getpid()
    assert told["memory-total"] == psutil.virtual_memory().total
    for percent in ("memory", "memory-available"):
        assert 0 <= told[percent] <= 100
    assert 0 < told["process-memory"] < told["memory-total"]
    assert told["cpu"] >= 0
    assert told["process-cpu"] >= 0
    assert told["host"]
    assert told["user"]
    assert abs(datetime.fromisoformat(told["now"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert threading.current_thread().name in told["threads"]
    assert told["active_threads"] >= 1


def test_the_processor_is_not_measured_over_no_time() -> None:
    figures = Figures()
    first = figures.read()
    again = figures.read()
    assert (first["cpu"], first["process-cpu"]) == (again["cpu"], again["process-cpu"])
    figures._measured -= 10
    sum(range(2_000_000))
    assert figures.read()["process-cpu"] > 0
