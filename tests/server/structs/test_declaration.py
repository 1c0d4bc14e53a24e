"""What a class body may say, and what is refused when the class is made."""

from typing import Annotated, Any

import pytest
from pydantic import Field

from csp_gateway.errors import DeclarationError
from csp_gateway.server.structs import GatewayStruct, decode
from csp_gateway.server.structs.declaration import GatewayStructMeta


def declare(annotations: dict[str, Any], **body: Any) -> Any:
    return GatewayStructMeta("Made", (GatewayStruct,), {"__annotations__": annotations, "__module__": __name__, **body})


@pytest.mark.parametrize(
    "name", ["copy", "lookup", "to_json", "metadata", "model_dump", "model_fields", "add_validator"]
)
def test_a_field_cannot_be_named_like_what_every_struct_has(name: str) -> None:
    with pytest.raises(DeclarationError, match=f"cannot be called '{name}'.* call it '{name}_'"):
        declare({name: int})


def test_a_field_cannot_be_named_like_a_method_of_its_base() -> None:
    class Base(GatewayStruct):
        x: int

        def total(self) -> int:
            return self.x

    with pytest.raises(DeclarationError, match="'total'"):

        class Child(Base):
            total: int  # type: ignore[assignment]  # what is refused


def test_a_field_has_a_python_name() -> None:
    for name in ("a b", "class", "x); import os"):
        with pytest.raises(DeclarationError, match="no Python name"):
            declare({name: int})


def test_a_new_default_repeats_the_annotation() -> None:
    class Base(GatewayStruct):
        x: int = 1

    class Child(Base):
        x: int = 2

    assert (Base().x, Child().x, decode(Child, b"{}").x, Child.model_validate({}).x) == (1, 2, 2, 2)
    assert Child.model_json_schema()["properties"]["x"]["default"] == 2
    with pytest.raises(DeclarationError, match="repeat its annotation"):

        class Bare(Base):
            x = 3

    with pytest.raises(DeclarationError, match="another type"):

        class Other(Base):
            x: str  # type: ignore[assignment]  # what is refused


def test_field_gives_default_factory_and_description() -> None:
    made = declare(
        {"x": int, "y": Annotated[int, Field(default=4)], "z": list[int]}, x=Field(3), z=Field(default_factory=list)
    )
    struct = made()
    assert (struct.x, struct.y, struct.z) == (3, 4, [])
    assert list(made.model_fields) == ["id", "timestamp", "x", "y", "z"]
    assert made.model_fields["x"].default == 3
    assert made.metadata(typed=True)["y"] is int


def test_what_csp_cannot_give_is_refused() -> None:
    with pytest.raises(DeclarationError, match="alias"):
        declare({"x": int}, x=Field(alias="X"))
    with pytest.raises(DeclarationError, match="default_factory"):
        declare({"x": int}, x=Field(default_factory=lambda validated: 1))


def test_what_csp_refuses_is_refused_in_its_words_without_its_source_lines() -> None:
    with pytest.raises(DeclarationError, match=r"Made: .*annotation") as refused:
        declare({"x": [int, str]})
    assert ".cpp" not in str(refused.value)
    with pytest.raises(DeclarationError, match="required=True"):
        GatewayStructMeta("Made", (GatewayStruct,), {"__annotations__": {"x": int}}, strict=True)


def test_required_is_inherited_and_can_be_taken_back() -> None:
    class Order(GatewayStruct, required=True):
        x: int

    class Child(Order):
        y: int

    class Loose(Order, required=False):
        z: int

    def missing(cls: Any) -> list[str]:
        return list(cls.model_json_schema().get("required", []))

    assert [missing(cls) for cls in (Order, Child, Loose, GatewayStruct)] == [["x"], ["x", "y"], [], []]
    assert not hasattr(Order(), "x")  # making one in Python stays as free as csp's


def test_each_class_has_a_lookup_of_its_own() -> None:
    class Base(GatewayStruct):
        x: int

    Base.omit_from_lookup()

    class Child(Base):
        y: int

    assert not Base.included_in_lookup()
    assert Child.included_in_lookup()
    child = Child()
    assert Child.lookup(child.id) is child
    assert Base.lookup(child.id) is None
