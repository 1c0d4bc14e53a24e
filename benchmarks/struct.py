"""What a struct costs to make, to keep, to validate and to write, beside bare csp and plain pydantic.

Run as ``python -m benchmarks.struct``. Memory is measured in processes of their own, one per kind of struct.
"""

from __future__ import annotations

import enum
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import csp
import psutil
import pydantic
from csp.impl.struct import define_struct

from benchmarks.measure import Figure, best_of, compare, limit, report
from csp_gateway.server.structs import GatewayStruct, decode, encode
from csp_gateway.server.structs.identity import mint_id, utc_now

NOW = datetime(2024, 1, 2, 3, 4, 5, 678901)
JSON = (
    b'{"symbol":"AAPL.OQ","qty":1200,"price":189.25,"when":"2024-01-02T03:04:05.678901","side":"BUY",'
    b'"leg":{"name":"l1","ratio":0.5},"levels":[189.25,189.24,189.23,189.22,189.21],'
    b'"attrs":{"fee":0.25,"tax":1.5},"stamp":0}'
)
ALIVE, DROPPED = 200_000, 1_000_000


class Side(csp.Enum):
    BUY = 0
    SELL = 1


class Leg(GatewayStruct):
    name: str
    ratio: float


class Quote(GatewayStruct):
    symbol: str
    qty: int
    price: float
    when: datetime
    side: Side
    leg: Leg
    levels: list[float]
    attrs: dict[str, float]
    stamp: int


BareQuote = define_struct("BareQuote", Quote.metadata(typed=True))


class PlainSide(enum.Enum):
    BUY = "BUY"
    SELL = "SELL"


class PlainLeg(pydantic.BaseModel):
    id: str = pydantic.Field(default_factory=mint_id)
    timestamp: datetime = pydantic.Field(default_factory=utc_now)
    name: str
    ratio: float


class PlainQuote(pydantic.BaseModel):
    id: str = pydantic.Field(default_factory=mint_id)
    timestamp: datetime = pydantic.Field(default_factory=utc_now)
    symbol: str
    qty: int
    price: float
    when: datetime
    side: PlainSide
    leg: PlainLeg
    levels: list[float]
    attrs: dict[str, float]
    stamp: int


def nine_fields() -> dict[str, Any]:
    """The fields of the benchmarks: str, int, float, datetime, enum, struct, five floats, a dict of two, int."""
    return {
        "symbol": "AAPL.OQ",
        "qty": 1200,
        "price": 189.25,
        "when": NOW,
        "side": Side.BUY,
        "leg": Leg(name="l1", ratio=0.5),
        "levels": [189.25, 189.24, 189.23, 189.22, 189.21],
        "attrs": {"fee": 0.25, "tax": 1.5},
        "stamp": 0,
    }


def main() -> list[Figure]:
    """Measure everything; one figure a row."""
    nine = nine_fields()
    quote, plain = Quote(**nine), PlainQuote.model_validate_json(JSON)
    to_json = PlainQuote.__pydantic_serializer__.to_json
    made = best_of(lambda: Quote(**nine), lambda: BareQuote(id="1795468677953045684", timestamp=NOW, **nine), runs=200)
    read = best_of(lambda: decode(Quote, JSON), lambda: PlainQuote.model_validate_json(JSON), runs=200)
    written = best_of(lambda: encode(quote), lambda: to_json(plain), runs=200)
    return report(
        [
            compare("struct: construct, id, timestamp, lookup", made[0] * 1e6, made[1] * 1e6, "us", at_most=2.5),
            compare("struct: bytes per live instance", measured("ours"), measured("bare"), "B", at_most=1.1),
            compare("struct: validate from JSON (pydantic)", read[0] * 1e6, read[1] * 1e6, "us", at_most=1.5),
            compare("struct: to JSON (pydantic-core)", written[0] * 1e6, written[1] * 1e6, "us", at_most=1.2),
            limit("struct: memory kept of 1 M made and dropped", measured("dropped"), "MB", at_most=50),
        ]
    )


def measured(what: str) -> float:
    """The memory measurement ``what``, made in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.struct", what]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def resident() -> int:
    """The resident bytes of this process."""
    bytes_held: int = psutil.Process().memory_info().rss
    return bytes_held


def _alive(make: Callable[[], object]) -> float:
    make()
    before = resident()
    kept = [make() for _ in range(ALIVE)]
    return (resident() - before) / len(kept)


def _dropped() -> float:
    nine = nine_fields()
    before = resident()
    for _ in range(DROPPED):
        Quote(**nine)
    return (resident() - before) / 1e6


def _measure(what: str) -> float:
    nine = nine_fields()
    if what == "ours":
        return _alive(lambda: Quote(**nine))
    if what == "bare":
        return _alive(lambda: BareQuote(id="1795468677953045684", timestamp=NOW, **nine))
    return _dropped()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(_measure(sys.argv[1]))
    else:
        main()
