"""Annotations as strings, as types, and what is made of them."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Optional

import pytest
from csp.typing import Numpy1DArray

from csp_gateway.errors import DeclarationError
from csp_gateway.server.structs import GatewayStruct, decode
from csp_gateway.server.structs.annotations import bare_type, body_annotations, map_types

if TYPE_CHECKING:
    from decimal import Decimal


class Leg(GatewayStruct):
    ratio: float = 1.0


class Order(GatewayStruct):
    legs: list[Leg]
    best: Leg | None = None
    limit: ClassVar[int] = 3


def test_string_annotations_are_types() -> None:
    assert Order.metadata(typed=True)["legs"] == list[Leg]
    assert Order.limit == 3
    assert "limit" not in Order.model_fields
    assert decode(Order, b'{"legs":[{"ratio":2}]}').legs[0].ratio == 2


def test_string_annotations_see_the_function_around() -> None:
    class Local(GatewayStruct):
        x: int

    class Holder(GatewayStruct):
        local: Local
        many: list[Local]

        class Inside(GatewayStruct):
            local: Local

    assert Holder.metadata()["local"] is Local
    assert Holder.Inside.metadata()["local"] is Local
    assert Holder.model_validate({"many": [{"x": "1"}]}).many[0].x == 1


def test_what_is_not_there_yet_is_refused_by_name() -> None:
    with pytest.raises(DeclarationError, match=r"Late: the annotation of field 'x' names 'Decimal'"):

        class Late(GatewayStruct):
            x: Decimal

    with pytest.raises(DeclarationError, match="cannot hold its own kind"):

        class Tree(GatewayStruct):
            children: list[Tree]


@pytest.mark.parametrize("key", ["__annotate_func__", "__annotate__"])
def test_annotations_that_are_evaluated_when_asked_for_as_python_314_has_them(key: str) -> None:
    frame = inspect.currentframe()
    assert frame is not None
    assert body_annotations({key: lambda form: {"x": int, "y": ClassVar[int]}}, "Made", frame) == {"x": int}
    with pytest.raises(DeclarationError, match="names 'nothing_yet'"):
        body_annotations({key: lambda form: {"x": nothing_yet}}, "Made", frame)  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("tp", "bare"),
    [
        (int, int),
        (Annotated[int, "x"], int),
        (list[Annotated[int, "x"]], list[int]),
        (dict[str, list[Annotated[int, "x"]]], dict[str, list[int]]),
        (Annotated[int, "x"] | None, Optional[int]),  # noqa: UP045  # the two spellings are equal types
        (tuple[Annotated[int, "x"], ...], tuple[int, ...]),
        (Literal["a", 1], Literal["a", 1]),
        (Numpy1DArray[float], Numpy1DArray[float]),
    ],
)
def test_csp_gets_types_without_annotated(tp: Any, bare: Any) -> None:
    assert bare_type(tp) == bare


def test_what_does_not_change_comes_back_itself() -> None:
    tp = dict[str, list[int]]
    assert map_types(tp, lambda inner: inner) is tp
