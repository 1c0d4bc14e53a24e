"""A channel as REST sees it."""

import csp
import pytest
from csp import ts

from csp_gateway import ConfigError, GatewayChannels, GatewayStruct
from csp_gateway.server.web.verbs.shape import shape_of, why_not


class Count(GatewayStruct):
    n: int


class Side(csp.Enum):
    BUY = 0
    SELL = 1


class Ch(GatewayChannels):
    my_counts: ts[Count] = None
    several: ts[list[Count]] = None
    by_side: dict[Side, ts[Count]] = None
    lists: dict[str, ts[list[Count]]] = None
    legs: list[ts[Count]] = None


def test_names_and_type() -> None:
    shape = shape_of(Ch.declared["my_counts"])
    assert shape.spellings == ["my_counts", "my-counts"]
    assert shape.openapi == {"type_": f"{__name__}.Count"}
    several = shape_of(Ch.declared["several"])
    assert (several.listed, several.spellings) == (True, ["several"])
    assert why_not(Ch.declared["my_counts"]) is None


def test_what_carries_no_structs_has_no_shape() -> None:
    with pytest.warns(UserWarning, match="not available over REST"):

        class Plain(GatewayChannels):
            numbers: ts[float] = None
            rows: ts[list[float]] = None

    with pytest.raises(ConfigError, match=r"'numbers': it is ts\[float\], .* Wrap what ticks in a GatewayStruct"):
        shape_of(Plain.declared["numbers"])
    with pytest.raises(ConfigError, match=r"it is ts\[List\[float\]\]"):
        shape_of(Plain.declared["rows"])


def test_a_basket_has_keys_and_no_history() -> None:
    shape = shape_of(Ch.declared["by_side"], Side)
    assert list(shape.keys) == ["BUY", "SELL"]
    assert shape.records({Side.BUY: 1}) == [1]
    assert shape.records(1, of_key=True) == [1]
    assert shape_of(Ch.declared["lists"], ["x", "y"]).records({"x": [1], "y": [2, 3]}) == [1, 2, 3]
    assert shape_of(Ch.declared["legs"], range(3)).records([None, 0, 2]) == [0, 2]
    with pytest.raises(ConfigError, match="cannot carry the history of channel 'legs': it is a basket"):
        shape_of(Ch.declared["legs"], range(3), "history")
