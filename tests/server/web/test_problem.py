"""Problem details: what each error is, and what stands in the body."""

import json
from collections import Counter
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient

from csp_gateway import NoProviderException, errors
from csp_gateway.server.web.problem import (
    PROBLEMS,
    Problem,
    ProblemReply,
    RefusedRequest,
    ValidationProblem,
    documented,
    kind_of,
    plain,
)
from csp_gateway.server.web.reply import mount_errors


def asked(error: Exception, path: str = "/") -> Any:
    api = FastAPI()
    mount_errors(api)

    @api.get("/{rest:path}")
    async def fail() -> None:
        raise error

    return TestClient(api).get(path)


def test_every_error_that_can_reach_a_request_has_a_line() -> None:
    elsewhere = (errors.DeclarationError, errors.StartError, errors.ConfigError, errors.ShutdownError)
    elsewhere += (errors.ServerException, errors.UntrustedTypeError, errors.WrongArgumentError)  # by clients
    for name in errors.__all__:
        kind = getattr(errors, name)
        if isinstance(kind, type) and not issubclass(kind, elsewhere):
            assert any(parent in PROBLEMS for parent in kind.__mro__), f"{name} has no line"


def test_a_type_is_one_title() -> None:
    assert set(Counter(kind.uri for kind in PROBLEMS.values()).values()) == {1}
    assert all(kind.title for kind in PROBLEMS.values())


def test_an_error_of_ours_is_a_type_of_ours() -> None:
    answer = asked(NoProviderException("nobody sets quotes"), "/a b/é")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:csp-gateway:problem:no-provider",
        "title": "Nobody provides this channel",
        "status": 404,
        "detail": "nobody sets quotes",
        "instance": "/a%20b/%C3%A9",
    }
    assert Problem.model_validate(answer.json()).status == 404


@pytest.mark.parametrize("kind", [Problem, ValidationProblem])
def test_a_status_has_no_default_that_would_be_wrong_for_most(kind: type[Problem]) -> None:
    schema = kind.model_json_schema(mode="serialization")
    assert "default" not in schema["properties"]["status"]
    assert "status" in schema["required"]


def test_a_subclass_is_its_ancestor() -> None:
    assert kind_of(errors.SqlError("x")) is PROBLEMS[errors.QueryError]
    assert kind_of(errors.WrongEdgeError("x")).status == 500


@pytest.mark.parametrize("detail", ["a sentence", {"a": 1}, [1, 2]])
def test_a_plain_status_keeps_its_detail_and_its_headers(detail: Any) -> None:
    answer = asked(HTTPException(409, detail, {"x-mine": "1"}))
    assert (answer.status_code, answer.headers["x-mine"]) == (409, "1")
    assert answer.json() == {
        **{"type": "about:blank", "title": "Conflict", "status": 409},
        **{"detail": detail, "instance": "/"},
    }


def test_a_wrong_method_is_told_the_right_ones() -> None:
    api = FastAPI()
    mount_errors(api)
    api.get("/")(lambda: 1)
    answer = TestClient(api).post("/")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert answer.json()["title"] == "Method Not Allowed"


def test_a_status_without_a_body_has_none() -> None:
    answer = asked(HTTPException(304, headers={"etag": '"1"'}))
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"1"')


def test_a_refusal_of_a_known_kind_passes_through_fastapi() -> None:
    kind = PROBLEMS[errors.SendRefusedError]
    answer = asked(RefusedRequest(kind, "later", {"retry-after": "7"}))
    assert (answer.json()["type"], answer.headers["retry-after"]) == (kind.uri, "7")


def test_what_is_busy_says_when_to_come_back() -> None:
    assert ProblemReply(plain(429), "later").headers["retry-after"] == "1"
    assert "retry-after" not in ProblemReply(plain(404), "never").headers
    assert plain(799).title == "Status 799"


def test_half_a_surrogate_pair_is_written_all_the_same() -> None:
    assert json.loads(ProblemReply(plain(400), "\ud800").body)["detail"] == "?"


def test_422_is_a_list_or_a_sentence() -> None:
    responses = documented({404: "gone", 422: "wrong"})
    assert (responses[404]["model"], responses[422]["model"]) == (Problem, ValidationProblem)
    part = {"type": "missing", "loc": ["body", 0], "msg": "m", "input": None}
    assert isinstance(ValidationProblem.model_validate({"status": 422, "detail": [part]}).detail, list)
    assert ValidationProblem.model_validate({"status": 422, "detail": "a sentence"}).detail == "a sentence"
