"""POST, DELETE, PATCH, GET and PUT stage."""

import threading
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any

import pytest
from csp import ts

from csp_gateway import GatewayChannels, GatewayModule, GatewayStruct, NoProviderException, Stage
from csp_gateway.server.web import GatewayWebApp

URL = "/api/v1/stage/my_orders"


class Side(Enum):
    BUY = 1
    SELL = 2


class Order(GatewayStruct):
    """An order."""

    size: int
    note: str = ""


class Desk(GatewayChannels):
    my_orders: Annotated[ts[Order], Stage()] = None
    lists: Annotated[ts[list[Order]], Stage()] = None
    sides: Annotated[dict[Side, ts[Order]], Stage()] = None
    side_lists: Annotated[dict[Side, ts[list[Order]]], Stage()] = None
    plain: ts[Order] = None


class Staged(GatewayModule):
    """Serves the stagings."""

    keep_identity: bool = False

    def connect(self, channels: Desk) -> None:
        channels.expose(Desk.my_orders)

    def rest(self, app: GatewayWebApp) -> None:
        for field in app.channels.staged_channels():
            app.add_stage_api(field, keep_identity=self.keep_identity)


@pytest.fixture
def desk(serve: Callable[..., Any]) -> Any:
    return serve(Staged(), channels=Desk())


def sizes(answer: Any) -> dict[str, list[int]]:
    assert answer.status_code == 200, answer.text
    return {each: [record["size"] for record in records] for each, records in answer.json().items()}


def test_a_record_is_staged_seen_taken_back_and_released(desk: Any) -> None:
    answer = desk.post(URL, json={"size": 1})
    assert answer.headers["cache-control"] == "no-store"
    ((first, [record]),) = answer.json().items()
    assert record["id"].isdigit()
    assert sizes(desk.post(URL, json={"size": 2})) == {first: [1, 2]}
    assert desk.get(URL).json() == [first]
    assert sizes(desk.put(URL)) == {first: [1, 2]}
    assert sizes(desk.request("DELETE", URL, json={"id": record["id"]})) == {first: [2]}
    ticked = desk.gateway.channels.outside.next("my_orders")
    assert sizes(desk.patch(URL)) == {first: [2]}
    assert ticked.result(20).size == 2
    assert desk.get(URL).json() == []
    assert desk.put(URL).json() == {}


def test_who_is_late_hears_that_others_ask(desk: Any) -> None:
    go_on = threading.Event()
    asked = [desk.gateway.channels.outside.queries.ask(lambda: go_on.wait(20)) for _ in range(8)]
    late = desk.get(f"{URL}?timeout=0.05")
    go_on.set()
    sentence = "it waited for its turn among the questions, and the stagings of my_orders"
    assert (late.status_code, late.json()["detail"].partition("; ")[2]) == (504, sentence)
    assert all(each.result(20) for each in asked)


def test_no_ids_no_ids_at_all_and_some_ids(desk: Any) -> None:
    (first,) = desk.post(URL).json()
    (second,) = desk.post(f"{URL}?id=").json()
    assert sizes(desk.post(URL, json={"size": 1})) == {second: [1]}
    assert sizes(desk.post(f"{URL}?id=", json={"size": 2})) == {first: [2], second: [1, 2]}
    assert sizes(desk.post(f"{URL}?id={first},%20{second}", json={"size": 3})) == {first: [2, 3], second: [1, 2, 3]}
    assert desk.get(f"{URL}?id={second}").json() == [second]
    assert sizes(desk.put(f"{URL}?id={first}")) == {first: [2, 3]}
    assert desk.put(f"{URL}?id=nothing").json() == {}
    assert sizes(desk.delete(f"{URL}?id={first}")) == {first: []}
    assert sizes(desk.delete(URL)) == {second: []}
    assert desk.get(URL).json() == [first]
    assert desk.delete(f"{URL}?id=").json() == {first: []}
    assert desk.get(URL).json() == []


def test_an_empty_id_releases_all(desk: Any) -> None:
    desk.post(URL, json={"size": 1})
    assert [*sizes(desk.patch(f"{URL}?id=")).values()] == [[1]]


def test_a_record_that_is_staged_is_named_by_its_id(desk: Any) -> None:
    ((first, [record]),) = desk.post(URL, json={"size": 1}).json().items()
    (second,) = desk.post(URL).json()
    answer = desk.post(f"{URL}?id={second}", json=record)
    assert answer.json() == {second: [record]}
    assert desk.post(f"{URL}?id={first}", json={"id": record["id"]}).json() == {first: [record, record]}
    answer = desk.post(URL, json={**record, "size": 9})
    assert answer.status_code == 400
    assert "size" in answer.json()["detail"]
    assert Order.lookup(record["id"]).size == 1


def test_an_id_that_is_nowhere_staged_is_not_believed(desk: Any, serve: Any) -> None:
    known = Order(size=7)
    ((_, [record]),) = desk.post(URL, json={"size": 1, "id": known.id}).json().items()
    assert record["id"] != known.id
    assert Order.lookup(known.id) is known
    believer = serve(Staged(keep_identity=True), channels=Desk())
    ((_, [record]),) = believer.post(URL, json={"size": 1, "id": "mine"}).json().items()
    assert record["id"] == "mine"


def test_what_is_taken_back_is_not_made_into_a_record(desk: Any) -> None:
    ((first, [record]),) = desk.post(URL, json={"size": 1}).json().items()
    assert desk.request("DELETE", URL, json={"id": record["id"], "size": "no size"}).json() == {first: []}
    assert Order.lookup(record["id"]).size == 1
    assert desk.request("DELETE", URL, json={"id": "nothing"}).json() == {}


@pytest.mark.parametrize("body", [[{"size": 1}, {"size": 2}], {"size": 1}, []])
def test_a_list_channel_stages_one_record_or_several(desk: Any, body: Any) -> None:
    answer = desk.post("/api/v1/stage/lists", json=body)
    held = body if isinstance(body, list) else [body]
    assert [*sizes(answer).values()] == ([[each["size"] for each in held]] if held else [])
    ids = [{"id": record["id"]} for records in answer.json().values() for record in records]
    if ids:
        assert [*desk.request("DELETE", "/api/v1/stage/lists", json=ids).json().values()] == [[]]


@pytest.mark.parametrize(("channel", "body"), [("sides", {"size": 1}), ("side-lists", [{"size": 1}, {"size": 2}])])
def test_a_basket_stages_objects_by_key(desk: Any, channel: str, body: Any) -> None:
    url = f"/api/v1/stage/{channel}"
    ((staging, [item]),) = desk.post(url, json={"SELL": body, "BUY": body}).json().items()
    assert [*item] == ["SELL", "BUY"]
    sold = item["SELL"] if isinstance(body, list) else [item["SELL"]]
    assert [record["size"] for record in sold] == [1, 2][: len(sold)]
    again = desk.post(url, json={"BUY": item["SELL"]}).json()
    assert again == {staging: [item, {"BUY": item["SELL"]}]}
    assert desk.request("DELETE", url, json=item).json() == {staging: []}


BAD = [
    (URL, {"size": "x"}, ["body", "size"], "int_parsing"),
    (URL, [{"size": 1}], ["body"], "object_type"),
    (URL, {"size": 1, "more": 2}, ["body", "more"], "extra_forbidden"),
    ("/api/v1/stage/lists", [{"size": 1}, {"size": "x"}], ["body", 1, "size"], "int_parsing"),
    ("/api/v1/stage/sides", {"BUY": {"size": "x"}}, ["body", "BUY", "size"], "int_parsing"),
    ("/api/v1/stage/sides", {"BYE": {"size": 1}}, ["body", "BYE", "[key]"], "enum"),
    ("/api/v1/stage/sides", {}, ["body"], "too_short"),
    ("/api/v1/stage/sides", [1], ["body"], "dict_type"),
    ("/api/v1/stage/side_lists", {"BUY": []}, ["body"], "too_short"),
]


@pytest.mark.parametrize(("url", "body", "where", "kind"), BAD)
def test_what_is_wrong_is_said_and_changes_nothing(desk: Any, url: str, body: Any, where: list[Any], kind: str) -> None:
    answer = desk.post(url, json=body)
    assert answer.status_code == 422
    (detail,) = answer.json()["detail"]
    assert (detail["loc"], detail["type"]) == (where, kind)
    assert desk.get(url).json() == []


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    "body", [b"{not json", b"\xff", b"[" * 5000, b"3", b'{"size": "", "id": 3}', b'{"id": "\\ud800"}x']
)
def test_what_is_no_json_or_no_record(desk: Any, method: str, body: bytes) -> None:
    answer = desk.request(method, URL, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"][0]["loc"][0] == "body"


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_body_that_does_not_say_it_is_json(desk: Any, method: str) -> None:
    answer = desk.request(method, URL, content=b'{"size": 1}', headers={"content-type": "text/plain"})
    assert answer.status_code == 422
    assert "send it with Content-Type: application/json" in answer.json()["detail"][0]["msg"]
    assert desk.request(method, URL, content=b" null ", headers={"content-type": "a/b+json"}).status_code == 422
    answer = desk.request(method, URL, content=b" null ", headers={"content-type": "application/a+json"})
    assert answer.status_code == 200


def test_what_cannot_be_done_is_400_in_a_sentence(desk: Any) -> None:
    for query, body in (("?id=nothing", {"size": 1}), ("?id=nothing", None), ("", {"id": "nothing"})):
        answer = desk.post(URL + query, json=body) if body else desk.post(URL + query)
        assert answer.status_code == 400
        assert answer.json()["detail"].startswith("channel 'my_orders'")


def test_an_unknown_parameter_is_refused(desk: Any) -> None:
    assert desk.get(f"{URL}?ids=1").status_code == 422
    assert desk.get(f"{URL}?id=1&id=2").status_code == 422


def test_a_channel_that_is_not_staged(desk: Any) -> None:
    assert desk.get("/api/v1/stage/plain").status_code == 404
    with pytest.raises(NoProviderException, match=r"'plain' is not staged: call channels\.set_stage"):
        desk.gateway.web_app.add_stage_api("plain")


def test_the_dashes_are_the_same_channel(desk: Any) -> None:
    (first,) = desk.post("/api/v1/stage/my-orders").json()
    assert desk.get(URL).json() == [first]


def test_an_engine_that_has_ended_is_503(desk: Any) -> None:
    desk.gateway.stop()
    for method in ("POST", "DELETE", "PATCH", "GET", "PUT"):
        assert desk.request(method, URL).status_code == 503


def test_the_documentation_says_what_is_taken_and_answered(desk: Any) -> None:
    document = desk.get("/openapi.json").json()
    path = document["paths"][URL]
    assert {*path} == {"post", "delete", "patch", "get", "put"}
    assert all(each["type_"].endswith("test_stage.Order") for each in path.values())
    assert all(each["tags"] == ["Stage"] for each in path.values())
    assert not path["post"]["requestBody"].get("required", False)
    assert [each["name"] for each in path["post"]["parameters"]] == ["id", "timeout"]
    assert path["delete"]["requestBody"]["content"]["application/json"]["schema"]["required"] == ["id"]
    assert "/api/v1/stage/my-orders" not in document["paths"]
    basket = document["paths"]["/api/v1/stage/sides"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert basket["propertyNames"]["enum"] == ["BUY", "SELL"]


def test_another_method_is_told_those_there_are(desk: Any) -> None:
    answer = desk.options(URL)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST, PUT, PATCH, DELETE"


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_body_that_would_be_overlooked_is_refused(desk: Any, method: str) -> None:
    ((staging, [record]),) = desk.post(URL, json={"size": 1}).json().items()
    answer = desk.request(method, URL, json={"id": record["id"]})
    assert (answer.status_code, answer.json()["detail"][0]["type"]) == (422, "no_body")
    assert desk.request("GET", URL, json={"id": record["id"]}).json()["detail"][0]["type"] == "no_body"
    assert desk.get(URL).json() == [staging]
    assert sizes(desk.request(method, URL, json=None)) == {staging: [1]}


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("ids", [",", "%20", ",,"])
def test_ids_that_name_none_are_not_all_of_them(desk: Any, method: str, ids: str) -> None:
    desk.post(URL, json={"size": 1})
    answer = desk.request(method, f"{URL}?id={ids}")
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["query", "id"])
    assert list(sizes(desk.put(URL)).values()) == [[1]]
