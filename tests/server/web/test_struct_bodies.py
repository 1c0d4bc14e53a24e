"""A struct of a module's route is its body."""

from typing import Annotated, Any, List, Optional  # noqa: UP035  # csp reads typing.List

import httpx
import pytest
from fastapi import APIRouter, Body, Depends, Query

from csp_gateway import Gateway, GatewayChannels, GatewayModule, GatewayStruct
from csp_gateway.testing import serving_gateway


class Fill(GatewayStruct):
    """What was traded."""

    price: float
    size: int = 1


class Nothing(GatewayChannels):
    """No channel."""


def newest(size: int = 3) -> Fill:
    """What a dependency makes."""
    return Fill(price=0.5, size=size)


def priced(fill: Annotated[Fill, Body()]) -> float:
    """A dependency that takes one."""
    return fill.price


class Fills(GatewayModule):
    """Routes that take structs in each way there is."""

    def connect(self, channels: Any) -> None:
        """Nothing of the graph."""

    def rest(self, app: Any) -> None:
        """The routes, on every sort of router."""
        router = app.get_router("api")

        @router.post("/plain")
        def plain(fill: Fill, scale: int = 2) -> Fill:
            return Fill(price=fill.price * scale, size=fill.size)

        @router.post("/later")
        async def later(fill: Fill) -> float:
            return fill.price

        @router.post("/perhaps")
        def perhaps(fill: Optional[Fill] = None) -> Optional[float]:  # noqa: UP045  # older modules write it so
            return None if fill is None else fill.price

        @router.post("/either")
        def either(fill: Fill | None = None) -> float | None:
            return None if fill is None else fill.price

        @router.post("/two")
        def two(bought: Fill, sold: Fill) -> float:
            return sold.price - bought.price

        @router.post("/many")
        def many(fills: List[Fill]) -> int:  # noqa: UP006
            return sum(fill.size for fill in fills)

        @router.post("/said")
        def said(fill: Annotated[Fill, Body(embed=True)]) -> float:
            return fill.price

        @router.post("/made")
        def made(fill: Annotated[Fill, Depends(newest)], other: Fill = Depends(newest)) -> int:  # noqa: B008  # the older spelling
            return fill.size + other.size

        @router.get("/none")
        def none(scale: Annotated[int, Query()] = 1) -> int:
            return scale

        @router.post("/needed")
        def needed(price: Annotated[float, Depends(priced)]) -> float:
            return price

        own = APIRouter()

        @own.post("/own")
        def of_own_router(fill: Annotated[Fill, Body()]) -> float:
            return fill.price

        app.get_fastapi().include_router(own)
        app.get_router("app").post("/root")(self.root)
        app.get_router("public").post("/everybody")(self.root)
        app.get_fastapi().post("/fastapi")(self.root)

    def root(self, fill: "Fill") -> float:
        """A method, which says its types as texts."""
        return fill.price


@pytest.fixture(scope="module")
def url() -> Any:
    with serving_gateway(Gateway(modules=[Fills()], channels=Nothing())) as served:
        yield served


FILL = {"price": 1.5, "size": 4}


@pytest.mark.parametrize(
    ("path", "body", "answer"),
    [
        ("api/v1/later", FILL, 1.5),
        ("api/v1/perhaps", FILL, 1.5),
        ("api/v1/perhaps", None, None),
        ("api/v1/either", FILL, 1.5),
        ("api/v1/either", None, None),
        ("api/v1/two", {"bought": FILL, "sold": {"price": 2}}, 0.5),
        ("api/v1/many", [FILL, FILL], 8),
        ("api/v1/said", {"fill": FILL}, 1.5),
        ("api/v1/made", None, 6),
        ("api/v1/needed", FILL, 1.5),
        ("own", FILL, 1.5),
        ("root", FILL, 1.5),
        ("everybody", FILL, 1.5),
        ("fastapi", FILL, 1.5),
    ],
)
def test_it_is_the_body(url: str, path: str, body: Any, answer: Any) -> None:
    answered = httpx.post(f"{url}/{path}", json=body) if body is not None else httpx.post(f"{url}/{path}")
    assert (answered.status_code, answered.json()) == (200, answer)


def test_it_is_answered_as_a_struct(url: str) -> None:
    answered = httpx.post(f"{url}/api/v1/plain?scale=3", json=FILL).json()
    assert (answered["price"], answered["size"]) == (4.5, 4)
    assert answered["id"]


def test_what_is_wrong_is_told_of_the_body(url: str) -> None:
    refused = httpx.post(f"{url}/api/v1/plain", json={"price": "high"})
    assert refused.status_code == 422
    assert [each["loc"] for each in refused.json()["detail"]] == [["body", "price"]]
    assert httpx.get(f"{url}/api/v1/none?scale=2").json() == 2


def test_the_document_says_so(url: str) -> None:
    paths = httpx.get(f"{url}/openapi.json").json()["paths"]
    plain = paths["/api/v1/plain"]["post"]
    assert plain["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Fill"}
    assert [each["name"] for each in plain["parameters"]] == ["scale", "timeout"]
    assert plain["operationId"] == "plain_api_v1_plain_post"
