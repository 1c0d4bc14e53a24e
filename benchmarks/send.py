"""``POST send``: how fast a struct is taken, beside a bare ASGI application that reads the body and looks away."""

from __future__ import annotations

import json

from benchmarks.last import best
from benchmarks.market import quote
from benchmarks.measure import Figure, compare, report
from benchmarks.servers import serving

__all__ = ["main"]


def main() -> list[Figure]:
    """The nine-field struct in every request; it is decoded, validated, queued for the engine and answered."""
    order = json.loads(quote().model_dump_json())
    for record in (order, order["leg"]):
        del record["id"], record["timestamp"]
    asked = {"path": "/api/v1/send/orders", "body": json.dumps(order)}
    with serving("bare") as bare, serving("gateway", "100") as ours:
        one, one_bare = best(1, ours, bare, **asked)
        many, many_bare = best(32, ours, bare, **asked)
    # One after the other, as of ``last``.
    with serving("gateway", "5000") as busy:
        (ticking,) = best(32, busy, **asked)
    with serving("bare") as bare:
        (ticking_bare,) = best(32, bare, **asked)
    return report(
        [
            compare("POST send, 1 connection: median", one.median, one_bare.median, "us", at_most=3.33),
            compare("POST send, 32 connections", many.rps, many_bare.rps, "rps", at_least=0.3),
            compare("POST send, 32 connections, ticking 5 k/s", ticking.rps, ticking_bare.rps, "rps", at_least=0.3),
        ]
    )


if __name__ == "__main__":
    main()
