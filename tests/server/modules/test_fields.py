"""MountFieldRestRoutes."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from csp import ts
from pydantic import BaseModel, ValidationError

from csp_gateway import (
    ConfigError,
    GatewayChannels,
    GatewaySettings,
    GatewayStruct,
    MountFieldRestRoutes,
    UnknownChannelError,
)
from csp_gateway.testing import GatewayTestClient

Start = Callable[..., GatewayTestClient]


class Record(GatewayStruct):
    n: int


class Limits(BaseModel):
    """A model of the user's."""

    most: int = 3


class Odd:
    """What JSON has no form for."""


class Desk(GatewayChannels):
    meta_data: dict[str, Any] = {"name": "Desk", "since": date(2026, 1, 5)}
    limits: Limits = Limits()
    record: Record = Record(n=1)
    anything: Any = (1, 2)
    odd: Any = Odd()
    strange: Odd = Odd()
    ticks: ts[Record] = None


FIELDS = ["meta_data", "limits", "record", "anything"]


@pytest.mark.parametrize("options", [{"fields": FIELDS}, {"selection": {"include": FIELDS}}, {"selection": FIELDS}])
def test_the_fields_are_listed_and_read(gateway_client: Start, options: dict[str, Any]) -> None:
    client = gateway_client(Desk(), MountFieldRestRoutes(**options))
    assert client.get("/api/v1/field").json() == sorted(FIELDS)
    assert client.get("/api/v1/field/meta_data").json() == {"name": "Desk", "since": "2026-01-05"}
    assert client.get("/api/v1/field/meta-data").json() == {"name": "Desk", "since": "2026-01-05"}
    assert client.get("/api/v1/field/limits").json() == {"most": 3}
    assert client.get("/api/v1/field/record").json()["n"] == 1
    assert client.get("/api/v1/field/anything").json() == [1, 2]
    for path in ("/api/v1/field/odd", "/api/v1/field/ticks", "/api/v1/meta_data", "/api/v1/meta-data"):
        assert client.get(path).status_code == 404
    paths = client.get("/openapi.json").json()["paths"]
    assert "/api/v1/field/meta_data" in paths
    assert "/api/v1/field/meta-data" not in paths


def test_a_selection_may_leave_out(gateway_client: Start) -> None:
    client = gateway_client(Desk(), MountFieldRestRoutes(selection={"exclude": ["odd", "strange", "ticks"]}))
    assert client.get("/api/v1/field").json() == sorted(FIELDS)


def test_the_path_and_the_version_are_chosen(gateway_client: Start) -> None:
    module = MountFieldRestRoutes(fields=["limits"], route="static/", api_version="v2")
    client = gateway_client(Desk(), module)
    assert client.get("/api/v2/static").json() == ["limits"]
    assert client.get("/api/v2/static/limits").json() == {"most": 3}
    assert module.info(GatewaySettings()) == "fields    /api/v2/static"


def test_parameters_that_there_are_not_are_refused(gateway_client: Start) -> None:
    client = gateway_client(Desk(), MountFieldRestRoutes(fields=["limits"]))
    for path in ("/api/v1/field", "/api/v1/field/limits"):
        assert client.get(f"{path}?limit=1").status_code == 422
        assert client.get(f"{path}?timeout=1&token=x").status_code == 200


def test_a_value_that_was_changed_in_place_is_read_anew(gateway_client: Start) -> None:
    client = gateway_client(Desk(), MountFieldRestRoutes(fields=["meta_data"]))
    client.gateway.channels.meta_data["name"] = "Other"
    assert client.get("/api/v1/field/meta_data").json()["name"] == "Other"


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("limit", UnknownChannelError, "did you mean 'limits'"),
        ("ticks", ConfigError, "is a channel of Desk"),
        ("odd", ConfigError, "'odd' cannot be written as JSON"),
        ("strange", ConfigError, "'strange' cannot be written as JSON"),
    ],
)
def test_what_cannot_be_served_is_refused_at_the_start(gateway_client: Start, name: str, error: Any, said: str) -> None:
    with pytest.raises(error, match=said):
        gateway_client(Desk(), MountFieldRestRoutes(fields=[name]))


@pytest.mark.parametrize("options", [{}, {"fields": ["a"], "selection": ["a"]}, {"fields": ["a"], "route": "/"}])
def test_options_that_do_not_say_what_is_wanted(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"static fields to serve|path of their own"):
        MountFieldRestRoutes(**options)


def test_the_list_is_at_both_paths_and_a_mistyped_name_gets_the_nearest(gateway_client: Start) -> None:
    client = gateway_client(Desk(), MountFieldRestRoutes(fields=["limits"], route="/static"))
    for path in ("/api/v1/static", "/api/v1/static/"):
        answer = client.get(path, follow_redirects=False)
        assert (answer.status_code, answer.json()) == (200, ["limits"])
    assert client.get("/api/v1/static/limit").json()["hint"] == "there is no field 'limit'; did you mean 'limits'?"
