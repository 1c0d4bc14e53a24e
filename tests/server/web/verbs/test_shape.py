"""A channel as REST sees it."""

import pytest
from csp import ts

from csp_gateway import GatewayChannels, GatewayStruct
from csp_gateway.server.web.verbs.shape import shape_of


class Count(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    my_counts: ts[Count] = None
    several: ts[list[Count]] = None


def test_names_and_type() -> None:
    shape = shape_of(Ch.declared["my_counts"])
    assert shape is not None
    assert shape.spellings == ["my_counts", "my-counts"]
    assert shape.openapi == {"type_": f"{__name__}.Count"}
    several = shape_of(Ch.declared["several"])
    assert several is not None
    assert (several.listed, several.spellings) == (True, ["several"])


def test_what_carries_no_structs_has_no_shape() -> None:
    with pytest.warns(UserWarning, match="not available over REST"):

        class Plain(GatewayChannels):
            numbers: ts[float] = None

    assert shape_of(Plain.declared["numbers"]) is None
