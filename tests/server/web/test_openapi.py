"""What is added to the document that FastAPI makes."""

from typing import Any

from csp_gateway import GatewayStruct
from csp_gateway.server.web.openapi import TAGS, complete


class Order(GatewayStruct):
    symbol: str
    size: int = 3


def document(*tags: str, **components: Any) -> dict[str, Any]:
    paths = {f"/{number}": {"get": {"tags": [tag]}} for number, tag in enumerate(tags)}
    return {"info": {}, "paths": paths, "components": {"schemas": components}}


def test_tags_are_described_in_our_order_and_a_users_own_come_last() -> None:
    schema = document("Mine", "State (v2)", "Utility", "Last", "State", "Last")
    complete(schema, {}, [])
    assert [each["name"] for each in schema["tags"]] == ["Last", "State", "State (v2)", "Utility", "Mine"]
    assert schema["tags"][2]["description"] == TAGS["State"]
    assert "description" not in schema["tags"][-1]


def test_a_struct_is_shown_by_an_example() -> None:
    schema = document(Order={"type": "object"}, Other={"type": "object"})
    complete(schema, {"name": "Ann"}, [Order])
    assert schema["info"]["contact"] == {"name": "Ann"}
    assert schema["components"]["schemas"] == {
        "Order": {"type": "object", "examples": [{"symbol": "text", "size": 3}]},
        "Other": {"type": "object"},
    }


def test_of_several_classes_of_one_name_each_has_its_own() -> None:
    long = f"{Order.__module__}.{Order.__qualname__}".replace(".", "__")
    schema = document(**{long: {}, "elsewhere__Order": {}})
    complete(schema, {}, [Order])
    assert schema["components"]["schemas"]["elsewhere__Order"] == {}
    assert schema["components"]["schemas"][long] == {"examples": [{"symbol": "text", "size": 3}]}
