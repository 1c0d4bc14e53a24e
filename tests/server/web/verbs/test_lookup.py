"""GET lookup."""

from typing import Any


def test_one_struct_by_its_id(client: Any) -> None:
    sent = client.post("/api/v1/send/my_counts", json={"n": 3}).json()
    number = sent[0]["id"]
    for path in ("my_counts", "my-counts", "id"):
        assert client.get(f"/api/v1/lookup/{path}/{number}").json() == sent
    assert client.post(f"/api/v1/lookup/my_counts/{number}").json() == sent


def test_none_such(client: Any) -> None:
    assert client.get("/api/v1/lookup/my_counts/12").json() == []
    answer = client.get("/api/v1/lookup/id/12")
    assert (answer.status_code, answer.json()["detail"]) == (404, "No GatewayStruct found with id: 12")
    assert answer.json()["type"] == "urn:csp-gateway:problem:unknown-id"
