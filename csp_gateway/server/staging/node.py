"""Released records into the graph, and events of the stagings out of it."""

# A node's signature is csp's own language: type variables in quotes, no return type.
# mypy: disable-error-code="untyped-decorator,no-untyped-def,valid-type,name-defined"

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypeVar

import csp
from csp import ts
from csp.impl.wiring.edge import Edge

from csp_gateway.server.staging.events import StagingEvent, StagingRequest
from csp_gateway.server.staging.staged import StagedChannel

__all__ = ["apply_stage_requests", "build_staging_node"]

T = TypeVar("T")


@csp.node(memoize=False)
def apply_stage_requests(
    requests: ts[StagingRequest], rung: ts[bool], staged: StagedChannel, realtime: bool, ticks: "T"
) -> csp.Outputs(released=ts["T"], events=ts[StagingEvent]):
    """Carry out ``requests``, and let out whatever happened to the stagings, one step an engine cycle."""
    with csp.alarms():
        woken = csp.alarm(bool)
    with csp.start():
        staged.open(lambda: csp.schedule_alarm(woken, timedelta(), True), realtime=realtime)
    with csp.stop():
        staged.end()
    if csp.ticked(requests):
        staged.request(requests)
    step = staged.take(rung=csp.ticked(rung), woken=csp.ticked(woken))
    if step is not None and step.tick is not None:
        csp.output(released=step.tick)
    if step is not None and step.event is not None:
        csp.output(events=step.event)


def build_staging_node(staged: StagedChannel, requests: Sequence[Edge], ticks: Any) -> tuple[Edge, Edge]:
    """What a staged channel is supplied with, and its events.

    A request is carried out in the engine cycle after it ticked, at the same engine time: it may follow from the
    events, or from what was released, and the graph would go in a circle.

    Args:
        staged: the channel.
        requests: edges of ``StagingRequest``; all are heard.
        ticks: the type of one tick; ``object`` for a basket, which ticks dicts by key.

    Returns:
        The edge of released records, and that of ``StagingEvent``.
    """
    asked = csp.null_ts(StagingRequest)
    if requests:
        late = csp.feedback(StagingRequest)
        late.bind(csp.flatten(list(requests)))
        asked = late.out()
    made = apply_stage_requests(asked, staged.bell.out(), staged, csp.is_configured_realtime(), ticks)
    return made.released, made.events
