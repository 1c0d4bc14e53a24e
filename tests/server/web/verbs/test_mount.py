"""Paths of verbs, their lists, and how they read in OpenAPI."""

from typing import Any


def test_the_channels_of_each_verb(client: Any) -> None:
    assert client.get("/api/v1/last/").json() == ["my_counts", "nobody", "several", "silent"]
    assert client.get("/api/v1/send/").json() == ["my_counts", "several"]
    redirect = client.get("/api/v1/last?token=x", follow_redirects=False)
    assert redirect.status_code == 307
    assert redirect.headers["location"].endswith("/api/v1/last/?token=x")


def test_an_operation_says_which_class_it_carries_and_what_404_is(client: Any) -> None:
    api = client.get("/openapi.json").json()
    operation = api["paths"]["/api/v1/last/my_counts"]["get"]
    assert operation["summary"] == "Get Last my_counts"
    assert operation["tags"] == ["Last"]
    assert operation["type_"].endswith("conftest.Count")
    assert operation["responses"]["404"]["content"]["application/problem+json"]["schema"]["$ref"].endswith("/Problem")
    items = operation["responses"]["200"]["content"]["application/json"]["schema"]["items"]
    schema = api["components"]["schemas"][items["$ref"].rpartition("/")[2]]
    assert list(schema["properties"]) == ["id", "timestamp", "n", "note"]
    assert "/api/v1/last/my-counts" not in api["paths"]


def test_a_body_is_one_struct_or_an_array(client: Any) -> None:
    api = client.get("/openapi.json").json()
    body = api["paths"]["/api/v1/send/my_counts"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert [set(each) & {"$ref", "items"} for each in body["anyOf"]] == [{"$ref"}, {"items"}]


def test_operation_ids_are_unique(client: Any) -> None:
    api = client.get("/openapi.json").json()
    ids = [operation["operationId"] for path in api["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids))


def test_what_may_go_wrong_is_documented(client: Any) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths["/api/v1/next/my_counts"]["get"]["responses"]) >= {"200", "404", "422", "429", "503", "504"}
    assert set(paths["/api/v1/last/my_counts"]["get"]["responses"]) >= {"200", "404", "503"}
    assert set(paths["/api/v1/send/my_counts"]["post"]["responses"]) >= {"200", "404", "413", "422", "503"}


def test_a_channel_that_nobody_sets_and_one_that_there_is_not(client: Any) -> None:
    unset = client.get("/api/v1/last/nobody")
    assert unset.status_code == 404
    assert unset.json() == {
        "type": "urn:csp-gateway:problem:no-provider",
        "title": "Nobody provides this channel",
        "status": 404,
        "detail": "Channel not found: nobody",
        "hint": "channel 'nobody' is declared, and no module sets it: let one call channels.set_channel('nobody', …) "
        "in its connect, or channels.add_send_channel('nobody') to have it fed from outside",
        "instance": "/api/v1/last/nobody",
    }
    for spelling in ("my_count", "my-count"):
        unknown = client.get(f"/api/v1/last/{spelling}")
        assert unknown.status_code == 404
        assert unknown.json() == {
            "type": "about:blank",
            "title": "Not Found",
            "status": 404,
            "detail": "Not Found",
            "hint": f"there is no channel {spelling!r}; did you mean 'my_counts'?",
            "instance": f"/api/v1/last/{spelling}",
        }


def test_a_list_refuses_what_it_does_not_know(client: Any) -> None:
    answer = client.get("/api/v1/last?limit=1")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("limit: there is no such parameter")
