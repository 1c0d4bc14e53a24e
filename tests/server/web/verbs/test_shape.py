"""A channel as REST sees it."""

from typing import Annotated, Any

import pytest
from csp import ts
from pydantic import TypeAdapter, ValidationError

from csp_gateway import GatewayChannels, GatewayStruct
from csp_gateway.server.web.verbs.shape import OneOrMany, shape_of


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


def test_one_or_many_is_a_list_and_speaks_of_what_was_sent() -> None:
    adapter = TypeAdapter(Annotated[Any, OneOrMany(Count, {"force_new_id": True})])
    (one,) = adapter.validate_python({"n": 1, "id": "mine"})
    assert (one.n, one.id == "mine") == (1, False)
    assert [count.n for count in adapter.validate_python([{"n": 1}, {"n": 2}])] == [1, 2]
    for given, where in (({"n": "x"}, ("n",)), ([{"n": 1}, {"n": "x"}], (1, "n"))):
        with pytest.raises(ValidationError) as refused:
            adapter.validate_python(given)
        assert [error["loc"] for error in refused.value.errors()] == [where]
