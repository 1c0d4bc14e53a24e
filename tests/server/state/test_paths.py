"""Where dotted paths lead in a type of records."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional, TypeVar

import csp
import numpy as np
import pytest
from csp.typing import Numpy1DArray
from pydantic import BaseModel

from csp_gateway.server.state.paths import keyby_of, kinds_of, resolve
from csp_gateway.server.structs import GatewayStruct
from csp_gateway.wire.comparing import Kind

Price = NewType("Price", float)
T = TypeVar("T")


class Side(Enum):
    BUY = 1


class Leg(GatewayStruct):
    venue: str


class Wing(GatewayStruct):
    span: float


class Quote(GatewayStruct):
    symbol: str
    leg: Leg
    other: Leg | None
    either: Leg | Wing
    legs: list[Leg]
    side: Side
    thing: object

    @property
    def doubled(self) -> str:
        return self.symbol * 2


class Model(BaseModel):
    name: str
    leg: Leg

    @property
    def upper(self) -> str:
        return self.name.upper()


class Loose(BaseModel, extra="allow"):
    name: str


@dataclass
class Row:
    size: int
    text: "str"


class Pair(NamedTuple):
    left: int


class Slim:
    __slots__ = ("place",)


class Plain:
    pass


@pytest.mark.parametrize(
    ("record", "path", "declared"),
    [
        (Quote, "symbol", str),
        (Quote, "id", str),
        (Quote, "timestamp", datetime),
        (Quote, "leg", Leg),
        (Quote, "leg.venue", str),
        (Quote, "other.venue", str),
        (Quote, "either.venue", str),
        (Quote, "either.id", str),
        (Quote | None, "symbol", str),
        (Annotated[Quote, "fine"], "symbol", str),
        (Quote, "thing.anything.at_all", Any),
        (Model, "leg.venue", str),
        (Model, "upper", Any),
        (Loose, "more", Any),
        (Row, "size", int),
        (Row, "text", Any),
        (Pair, "left", Any),
        (Slim, "place", Any),
        (Plain, "anything", Any),
        (T, "anything", Any),
        (Any, "anything.else", Any),
        (object, "anything", Any),
    ],
)
def test_a_path_leads_to_what_is_declared(record: Any, path: str, declared: Any) -> None:
    assert resolve(record, path) == declared


@pytest.mark.parametrize(
    ("record", "path", "message"),
    [
        (Quote, "symbl", r"^Quote has no attribute 'symbl'; did you mean 'symbol'\?$"),
        (Quote, "leg.venu", r"^Leg has no attribute 'venu'; did you mean 'venue'\?$"),
        (Quote, "either.spam", r"^Leg or Wing has no attribute 'spam'; did you mean 'span'\?$"),
        (Quote, "symbol.length", r"^str has no attribute 'length'; there are none$"),
        (Quote, "legs.venue", r"^list\[.*Leg\] has no attribute 'venue'; there are none$"),
        (Quote, "side.name", r"^Side has no attribute 'name'; there are none$"),
        (Quote, "doubled", r"^Quote has no attribute 'doubled'; known: either, id"),
        (Model, "nam", r"^Model has no attribute 'nam'; did you mean 'name'\?$"),
        (Row, "siz", r"^Row has no attribute 'siz'; did you mean 'size'\?$"),
        (Slim, "plaice", r"^Slim has no attribute 'plaice'; did you mean 'place'\?$"),
        (float, "id", r"^float has no attribute 'id'; there are none$"),
        (dict[str, int], "id", r"has no attribute 'id'; there are none$"),
    ],
)
def test_a_path_to_nowhere_says_where_it_breaks(record: Any, path: str, message: str) -> None:
    with pytest.raises(AttributeError, match=message):
        resolve(record, path)


@pytest.mark.parametrize(
    ("annotation", "kinds"),
    [
        (bool, {Kind.NUMBER}),
        (Decimal, {Kind.NUMBER}),
        (np.int64, {Kind.NUMBER}),
        (Price, {Kind.NUMBER}),
        (complex, {Kind.OTHER}),
        (Side, {Kind.TEXT}),
        (csp.Enum, {Kind.TEXT}),
        (datetime, {Kind.MOMENT}),
        (bytes, {Kind.BYTES}),
        (Optional[int], {Kind.NUMBER}),  # noqa: UP045  # as users write it
        (int | str | None, {Kind.NUMBER, Kind.TEXT}),
        (Literal["a", 1, None], {Kind.NUMBER, Kind.TEXT}),
        (Annotated[str, "fine"], {Kind.TEXT}),
        (list[int], {Kind.OTHER}),
        (Numpy1DArray[float], {Kind.OTHER}),
        (Leg, {Kind.OTHER}),
        (Any, set(Kind)),
        (object, set(Kind)),
        (int | Any, set(Kind)),
        (T, set(Kind)),
    ],
)
def test_a_type_says_what_its_values_compare_with(annotation: Any, kinds: set[Kind]) -> None:
    assert set(kinds_of(annotation)) == kinds


@pytest.mark.parametrize(
    ("given", "paths"),
    [("a", ("a",)), (("a",), ("a",)), (["a", "b.c"], ("a", "b.c"))],
)
def test_keyby_is_a_name_or_several(given: Any, paths: tuple[str, ...]) -> None:
    assert keyby_of(given) == paths


@pytest.mark.parametrize("given", [(), "", "a b", "a.", ("a", ".b")])
def test_keyby_that_names_nothing_is_refused(given: Any) -> None:
    with pytest.raises(ValueError, match="keyby"):
        keyby_of(given)


@pytest.mark.parametrize("given", [None, 5, ("a", 5), {"a"}])
def test_keyby_of_another_type_is_refused(given: Any) -> None:
    with pytest.raises(TypeError, match="keyby is an attribute's name or a tuple of them, not"):
        keyby_of(given)
