"""The pydantic face: validation at every depth, contexts, JSON schema, and FastAPI."""

from datetime import datetime
from typing import Annotated, Any

import csp
import numpy as np
import pytest
from csp.typing import Numpy1DArray
from fastapi import Body, FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from csp_gateway.server.structs import GatewayStruct, decode, encode
from csp_gateway.server.structs.schema import Fresh, adapter_of

WHEN = datetime(2020, 1, 1)
FORCE = {"force_new_id": True, "force_new_timestamp": True}


class Unknown:
    """A class pydantic knows nothing of."""


class Leg(GatewayStruct):
    """One side of an order."""

    ratio: float = Field(default=1.0, gt=0, description="how much of it")


class HalfLeg(Leg):
    half: bool = True


class Order(GatewayStruct):
    symbol: str
    leg: Leg
    legs: list[Leg] = []
    by_name: dict[str, Leg] = {}


class Book(BaseModel):
    orders: list[Order]


def test_every_way_in_is_the_same() -> None:
    payload = {"symbol": 5, "leg": {"ratio": "2"}}
    for made in (
        Order.model_validate(payload),
        Order.type_adapter().validate_python(payload),
        TypeAdapter(Order).validate_python(payload),
        TypeAdapter(dict[str, Order]).validate_python({"a": payload})["a"],
        Book(orders=[payload]).orders[0],  # type: ignore[list-item]  # pydantic makes it one
        Order.model_validate_json('{"symbol":5,"leg":{"ratio":"2"}}'),
    ):
        assert (type(made), made.symbol, made.leg.ratio) == (Order, "5", 2.0)


def test_every_way_out_is_the_same() -> None:
    order = Order(symbol="a", leg=HalfLeg(id="1", timestamp=WHEN), id="2", timestamp=WHEN)
    text = encode(order)
    assert b'"half":true' in text
    assert TypeAdapter(Order).dump_json(order) == text
    assert order.model_dump_json().encode() == text
    assert Book(orders=[order]).model_dump_json().encode() == b'{"orders":[' + text + b"]}"
    assert order.model_dump(mode="json")["leg"] == {
        "id": "1",
        "timestamp": "2020-01-01T00:00:00",
        "ratio": 1.0,
        "half": True,
    }
    assert order.model_dump(include={"symbol"}) == {"symbol": "a"}


def test_a_struct_passes_as_it_is() -> None:
    half = HalfLeg()
    assert Leg.model_validate(half) is half
    assert Order.model_validate({"leg": half}).leg is half
    with pytest.raises(ValidationError, match="valid dictionary"):
        Order.model_validate(half)


def test_a_class_pydantic_does_not_know_is_checked_by_csp() -> None:
    class Holder(GatewayStruct):
        it: Unknown

    thing = Unknown()
    assert Holder.model_validate({"it": thing}).it is thing
    with pytest.raises(ValidationError) as refused:
        Holder.model_validate({"it": 5})
    assert [(told["type"], told["loc"]) for told in refused.value.errors()] == [("struct_field_refused", ("it",))]


class TestForcedIdentity:
    def test_what_was_given_is_not_changed(self) -> None:
        leg = Leg(id="3", timestamp=WHEN)
        payload = {"id": "1", "timestamp": WHEN, "leg": {"id": "2"}, "legs": [leg], "by_name": {"a": leg}}
        made = Order.type_adapter().validate_python(payload, context=FORCE)
        assert payload == {"id": "1", "timestamp": WHEN, "leg": {"id": "2"}, "legs": [leg], "by_name": {"a": leg}}
        assert (leg.id, leg.timestamp) == ("3", WHEN)
        for each in (made, made.leg, made.legs[0], made.by_name["a"]):
            assert int(each.id) > 10**18
            assert each.timestamp > WHEN
            assert type(each).lookup(each.id) == each

    def test_of_a_struct_a_copy_is_made_all_the_way_down(self) -> None:
        order = Order(leg=Leg(), legs=[Leg()], by_name={"a": HalfLeg()})
        made = Order.model_validate(order, context={"force_new_id": True})
        assert made is not order
        assert type(made.by_name["a"]) is HalfLeg
        before = [order.id, order.leg.id, order.legs[0].id, order.by_name["a"].id]
        after = [made.id, made.leg.id, made.legs[0].id, made.by_name["a"].id]
        assert not set(before) & set(after)
        assert made.timestamp == order.timestamp

    def test_a_validator_cannot_bring_an_id_back(self) -> None:
        class Stubborn(GatewayStruct):
            x: int = 0

        Stubborn.add_validator(lambda value: {**value, "id": "mine"}, mode="before")
        assert Stubborn.model_validate({}).id == "mine"
        assert Stubborn.model_validate({"id": "1"}, context=FORCE).id != "mine"

    def test_any_other_context_is_none_of_our_business(self) -> None:
        assert Fresh.asked_by(None) == Fresh.asked_by(5) == Fresh.asked_by({"x": 1}) == Fresh(False, False)


def test_the_json_schema_names_and_lists_what_there_is() -> None:
    schema = Order.model_json_schema()
    leg = schema["$defs"]["Leg"]
    assert (schema["title"], schema["additionalProperties"]) == ("Order", False)
    assert list(schema["properties"]) == ["id", "timestamp", "symbol", "leg", "legs", "by_name"]
    assert schema["properties"]["leg"] == {"$ref": "#/$defs/Leg"}
    assert (leg["title"], leg["description"]) == ("Leg", "One side of an order.")
    assert leg["properties"]["ratio"] == {
        "title": "Ratio",
        "type": "number",
        "default": 1.0,
        "exclusiveMinimum": 0,
        "description": "how much of it",
    }
    assert "description" not in schema
    assert TypeAdapter(Order).json_schema(mode="serialization") == schema


def test_two_classes_of_one_name_do_not_meet() -> None:
    class Base(GatewayStruct):
        x: int

    first = Base
    first.type_adapter()

    class Base(first):  # type: ignore[no-redef,misc,valid-type]  # the point of the test
        y: int

    assert type(Base.model_validate({"x": 1, "y": 2})) is Base
    assert type(first.model_validate({"x": 1})) is first
    both = TypeAdapter(tuple[first, Base]).json_schema()  # type: ignore[valid-type]  # the point of the test
    assert len(both["$defs"]) == 2


def test_the_hook_runs_last_on_what_the_struct_is() -> None:
    class Base(GatewayStruct):
        x: int

        @classmethod
        def _validate_gateway_struct_after(cls, val: Any) -> Any:
            val.x *= 10
            return val

    class Child(Base):
        @classmethod
        def _validate_gateway_struct_after(cls, val: Any) -> Any:
            val.x += 1
            return super()._validate_gateway_struct_after(val)

    Base.add_validator(lambda value: setattr(value, "x", value.x + 1) or value)
    assert Base.model_validate({"x": 1}).x == 20
    assert TypeAdapter(Base).validate_python(Child(x=1)).x == 30


def test_a_hook_that_forgets_or_breaks_is_a_refusal() -> None:
    class Hooked(GatewayStruct):
        x: int

        @classmethod
        def _validate_gateway_struct_after(cls, val: Any) -> Any:
            return None if val.x else 1 / val.x

    with pytest.raises(ValidationError, match="returned None"):
        Hooked.model_validate({"x": 1})
    with pytest.raises(ValidationError, match="a validator of Hooked failed"):
        Hooked.model_validate({"x": 0})


def test_a_struct_csp_made_itself_has_no_id_and_may_be_given_one() -> None:
    bare = Leg.__new__(Leg)
    assert not hasattr(bare, "id")
    assert encode(bare) == b'{"ratio":1.0}'
    assert not hasattr(Leg.model_validate(bare, context={"force_new_timestamp": True}), "id")
    assert len(Leg.model_validate(bare, context=FORCE).id) == 19


def test_fastapi_takes_and_gives_structs() -> None:
    app = FastAPI()

    @app.post("/order")
    def post(order: Annotated[Order, Body()]) -> Order:  # FastAPI takes what is no BaseModel from the query else
        return order

    @app.get("/orders", response_model=list[Order])
    def orders() -> Any:
        return [Order(symbol="a", leg=HalfLeg())]

    web = TestClient(app)
    answer = web.post("/order", json={"symbol": 5, "leg": {"id": "7"}}).json()
    assert (answer["symbol"], answer["leg"]["id"]) == ("5", "7")
    assert decode(Order, web.post("/order", json=answer).content).id == answer["id"]
    assert web.get("/orders").json()[0]["leg"]["half"] is True
    refused = web.post("/order", json={"leg": {"nope": 1}})
    assert refused.status_code == 422
    assert [(told["type"], told["loc"]) for told in refused.json()["detail"]] == [
        ("extra_forbidden", ["body", "leg", "nope"])
    ]
    described = web.get("/openapi.json").json()["components"]["schemas"]
    assert {"Order", "Leg"} <= set(described)
    assert set(described["Leg"]["properties"]) == {"id", "timestamp", "ratio"}


def test_a_plain_csp_struct_keeps_its_own_adapter() -> None:
    class Plain(csp.Struct):
        x: int

    class Holder(GatewayStruct):
        plain: Plain

    assert Holder.model_validate({"plain": {"x": "1"}}).plain.x == 1
    with pytest.raises(ValidationError) as refused:
        Holder.model_validate({"plain": {"y": 1}})
    assert refused.value.errors()[0]["loc"] == ("plain", "y")


def test_an_array_that_is_a_default_is_listed_in_the_schema_and_copied_into_each_struct() -> None:
    class Curve(GatewayStruct):
        points: Numpy1DArray[float] = np.array([1.0, 2.0])

    assert Curve.model_json_schema()["properties"]["points"]["default"] == [1.0, 2.0]
    one, two = Curve.model_validate({}), Curve.model_validate({})
    assert list(one.points) == [1.0, 2.0]
    assert one.points is not two.points


def test_a_whole_number_of_csps_is_said_to_have_64_bits() -> None:
    class Sized(GatewayStruct):
        n: Annotated[int, Field(ge=0)] = 1
        any_size: int | None = None

    described = Sized.model_json_schema()["properties"]
    assert (described["n"]["format"], described["n"]["minimum"]) == ("int64", 0)
    assert "int64" not in str(described["any_size"])


class Bounded(GatewayStruct):
    above: Annotated[float, Field(gt=0)]
    finite: Annotated[float, Field(allow_inf_nan=False)]
    any: Annotated[float, Field(title="Any")]


@pytest.mark.parametrize(("name", "kind"), [("above", "number"), ("finite", "number"), ("any", ["number", "null"])])
def test_null_is_in_the_schema_of_a_number_that_takes_it(name: str, kind: Any) -> None:
    assert adapter_of(Bounded).json_schema()["properties"][name]["type"] == kind
    try:
        Bounded.model_validate_json(f'{{"{name}": null}}')
    except ValidationError:
        assert kind == "number"
    else:
        assert "null" in kind
