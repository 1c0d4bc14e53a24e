"""A field or a member that is unknown is told with the nearest there is, wherever in a record it stands."""

from enum import Enum
from typing import Any

import csp
import pytest
from pydantic import ValidationError

from csp_gateway.server.structs import GatewayStruct, decode_many, with_nearest


class Side(csp.Enum):
    BUY = 1
    SELL = 2


class Style(Enum):
    LIMIT = 1
    MARKET = 2


class Plain(csp.Struct):
    depth: int


class Leg(GatewayStruct):
    ratio: float
    plain: Plain
    side: Side


class Order(GatewayStruct):
    symbol: str
    leg: Leg
    legs: dict[str, list[Leg]]
    styles: list[Style]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"symbl": "A"}', "Order has no field 'symbl'; did you mean 'symbol'?"),
        (b'[{"symbol": "A"}, {"leg": {"ration": 1}}]', "Leg has no field 'ration'; did you mean 'ratio'?"),
        (b'{"legs": {"a": [{"ration": 1}]}}', "Leg has no field 'ration'; did you mean 'ratio'?"),
        (b'{"leg": {"plain": {"dept": 1}}}', "Plain has no field 'dept'; did you mean 'depth'?"),
        (b'{"zzz": 1}', "Order has no field 'zzz'; known: id, leg, legs, styles, symbol, timestamp"),
        (b'{"leg": {"side": "BYU"}}', "Input should be 'BUY' or 'SELL', not 'BYU'; did you mean 'BUY'?"),
        (
            b'{"styles": ["LIMIT", "MARKED"]}',
            "Input should be 'LIMIT' or 'MARKET', not 'MARKED'; did you mean 'MARKET'?",
        ),
        (b'{"symbol": []}', "Input should be a valid string"),
    ],
)
def test_it_says_which_is_meant(data: bytes, said: str) -> None:
    assert _told(data)["msg"] == said


def test_a_name_that_is_too_long_is_cut() -> None:
    assert len(_told(b'{"%b": 1}' % (b"x" * 10_000))["msg"]) < 200


def _told(data: bytes) -> dict[str, Any]:
    with pytest.raises(ValidationError) as refused:
        decode_many(Order, data)
    (fault,) = refused.value.errors()
    return with_nearest(fault, Order)
