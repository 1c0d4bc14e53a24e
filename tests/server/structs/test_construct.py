"""The generated __init__: what it fills in, what csp checks, and an __init__ of one's own."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import csp
import pytest
from pydantic import Field

from csp_gateway.server.structs import GatewayStruct
from csp_gateway.server.structs.compile import source_of
from csp_gateway.server.structs.construct import has_own_init


class Thing(GatewayStruct):
    x: int
    tags: list[str] = Field(default_factory=lambda: ["new"])
    notes: dict[str, int] = {}


class Own(Thing):
    extra: dict[str, int] = Field(default_factory=dict)

    def __init__(self, **fields: Any) -> None:
        super().__init__(**{"x": 1, **fields})


class Child(Own):
    y: int


class Tracked:
    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)
        TRACKED.append(self)


TRACKED: list[Any] = []


class Mixed(Tracked, GatewayStruct):
    x: int


def test_identity_is_kept_when_given() -> None:
    when = datetime(2020, 1, 1, 5, tzinfo=timezone(timedelta(hours=2)))
    made = Thing(id="mine", timestamp=when)
    assert (made.id, made.timestamp) == ("mine", datetime(2020, 1, 1, 3))


def test_csp_checks_types_and_nothing_is_coerced() -> None:
    for wrong in ({"x": "5"}, {"x": None}, {"id": None}, {"id": 5}, {"timestamp": "2020-01-01"}, {"tags": 5}):
        with pytest.raises(TypeError):
            Thing(**wrong)
    with pytest.raises(AttributeError, match="nope"):
        Thing(nope=1)
    with pytest.raises(TypeError):
        Thing(1)


def test_what_has_no_default_is_unset() -> None:
    made = Thing()
    assert not hasattr(made, "x")
    assert made.model_fields_set == {"id", "timestamp", "tags", "notes"}


def test_defaults_are_not_shared() -> None:
    first, second = Thing(), Thing()
    first.tags.append("a")
    first.notes["a"] = 1
    assert (second.tags, second.notes) == (["new"], {})
    assert Thing(tags=["given"]).tags == ["given"]


def test_an_init_of_ones_own_is_kept_and_inherited() -> None:
    assert has_own_init(Own)
    assert has_own_init(Child)
    assert not has_own_init(Thing)
    made = Child(y=2)
    assert (made.x, made.y, made.extra, made.tags) == (1, 2, {}, ["new"])
    assert Child.lookup(made.id) is made
    assert Thing.lookup(made.id) is None


def test_a_mixin_may_have_an_init() -> None:
    made = Mixed(x=1)
    assert [made] == TRACKED
    assert Mixed.lookup(made.id) is made
    assert made.timestamp <= datetime.now(UTC).replace(tzinfo=None)


def test_a_struct_omitted_from_the_lookup_is_made_all_the_same() -> None:
    class Omitted(GatewayStruct):
        x: int

    Omitted.omit_from_lookup()
    assert Omitted.lookup(Omitted(x=1).id) is None


def test_the_generated_code_can_be_read() -> None:
    assert "struct_init(self, **fields)" in source_of(Thing.__init__)
    assert Thing.__init__.__qualname__ == "Thing.__init__"
    assert issubclass(Thing, csp.Struct)
