"""The routes of the tables, and who is let in."""

from typing import Any

import httpx2
import pytest
from websockets.exceptions import InvalidStatus

from csp_gateway.server.modules.tables import routes


def test_the_tables_and_what_the_page_needs_to_know(serve: Any, until: Any) -> None:
    served = serve(limits={"trades": 50}, default_index="id", layouts={"mine": "{}"}, default_layout="mine")
    served.send(symbol="A", quantity=1, price=1.0)
    served.send(symbol="B", quantity=1, price=1.0)
    until(lambda: served.tables.statistics()["tables"]["trades"]["written"] == 2)

    def get(path: str) -> Any:
        return httpx2.get(f"{served.url}/api/v1/perspective/{path}").raise_for_status().json()

    columns = {
        "id": "string",
        "timestamp": "datetime",
        "symbol": "string",
        "quantity": "integer",
        "price": "float",
    }
    assert get("tables") == {"trades": columns, "fills": columns}
    assert get("layouts") == {"mine": "{}"}
    assert get("meta") == {
        "tables": ["trades", "fills"],
        "unused_tables": ["nobody"],
        "columns": {"trades": columns, "fills": columns},
        "table_sizes": {"trades": 2, "fills": 0},
        "limits": {"trades": 50, "fills": 10_000},
        "default_limit": 10_000,
        "indexes": {"trades": "id", "fills": "id"},
        "default_index": "id",
        "layouts": {"mine": "{}"},
        "default_layout": "mine",
        "default_layout_tables": ["trades", "fills"],
    }


def test_the_document_names_them_as_it_does_all_others(serve: Any) -> None:
    paths = httpx2.get(f"{serve().url}/openapi.json").raise_for_status().json()["paths"]
    for name in ("tables", "layouts", "meta"):
        assert paths[f"/api/v1/perspective/{name}"]["get"]["operationId"] == f"get_perspective_{name}"


def test_pages_of_other_hosts_cannot_look(serve: Any) -> None:
    served = serve(settings={"BACKEND_CORS_ORIGINS": ["https://desk.example.com"]})
    assert served.viewer(origin=served.url).client.get_hosted_table_names()
    assert served.viewer(origin="https://desk.example.com").client.get_hosted_table_names()
    for origin in ("http://evil.example.com", "null", f"{served.url}.evil.example.com"):
        with pytest.raises(InvalidStatus):
            served.connect(origin=origin)
    assert served.tables.statistics()["viewers"]["viewers"] == 2


def test_there_is_room_for_so_many(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "MOST_VIEWERS", 1)
    served = serve()
    viewer = served.viewer()
    assert viewer.client.get_hosted_table_names()
    with pytest.raises(InvalidStatus):
        served.connect()
    assert served.tables.statistics()["viewers"]["turned_away"] == 1
