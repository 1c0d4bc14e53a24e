"""What the OpenAPI document says of refusals."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from csp_gateway.server.web.refusals import document_refusals


class Mine(BaseModel):
    why: str


def document() -> dict[str, Any]:
    api = FastAPI()
    api.post("/post", responses={404: {"description": "gone"}, 409: {"model": Mine}})(take)
    api.get("/get")(lambda: 1)
    api.get("/slow")(wait)
    api.get("/livez", tags=["Health"], responses={503: {"description": "It is not."}})(lambda: 1)
    schema = api.openapi()
    document_refusals(schema, lambda path: 7.0)
    return schema


def take(body: Mine) -> int:
    return 1


def wait(timeout: float) -> int:
    return 1


def test_every_refusal_is_a_problem() -> None:
    paths = document()["paths"]
    for path in ("/post", "/get", "/slow"):
        for operation in paths[path].values():
            for status, response in operation["responses"].items():
                if status[0] in "45" and status != "409":
                    name = "ValidationProblem" if status == "422" else "Problem"
                    schema = {"$ref": f"#/components/schemas/{name}"}
                    assert response["content"] == {"application/problem+json": {"schema": schema}}


def test_what_is_documented_already_stays() -> None:
    post = document()["paths"]["/post"]["post"]["responses"]
    assert post["404"]["description"] == "gone"
    assert post["409"]["content"]["application/json"]["schema"]["$ref"].endswith("/Mine")
    assert list(post) == sorted(post)
    assert "413" in post
    assert "413" not in document()["paths"]["/get"]["get"]["responses"]


def test_components_are_ours_and_no_other() -> None:
    names = set(document()["components"]["schemas"])
    assert names == {"InvalidPart", "Mine", "Problem", "ValidationProblem"}


def test_every_operation_has_a_deadline_once() -> None:
    paths = document()["paths"]
    assert [each["name"] for each in paths["/get"]["get"]["parameters"]] == ["timeout"]
    seconds = paths["/get"]["get"]["parameters"][0]["schema"]
    assert seconds["maximum"] == 7.0
    assert seconds["examples"] == [7.0]
    assert "default" not in seconds  # which clients that are made from the document would send each time
    (own,) = paths["/slow"]["get"]["parameters"]
    assert own["required"]


def test_health_is_answered_before_all_that_refuses() -> None:
    livez = document()["paths"]["/livez"]["get"]
    assert set(livez["responses"]) == {"200", "503"}
    assert "parameters" not in livez
