"""Structs in, rows of one Perspective table out."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import csp
import perspective
import pytest
from perspective import Server

from csp_gateway import ConfigError
from csp_gateway.server.modules.tables import table as table_module
from csp_gateway.server.modules.tables.config import TableConfig
from csp_gateway.server.modules.tables.table import LiveTable
from csp_gateway.server.structs.columns import MOST_ROWS


class Side(csp.Enum):
    BUY = 1
    SELL = 2


class Leg(csp.Struct):
    name: str
    ratio: float


class Quote(csp.Struct):
    id: str
    at: datetime
    day: date
    size: int
    price: float
    firm: bool
    side: Side
    leg: Leg
    tags: dict[str, int]


class Curve(csp.Struct):
    name: str
    points: list[float]
    others: list[int]


@pytest.fixture
def make() -> Callable[..., tuple[LiveTable, perspective.Table]]:
    """``make(struct, **config)``: our table, and what Perspective holds."""
    client = Server().new_local_client()

    def table(struct: type, **config: Any) -> tuple[LiveTable, perspective.Table]:
        complete = TableConfig(**config).completed("t", {}, None, {}, None, {})
        return LiveTable(client, "t", struct, complete), client.open_table("t")

    return table


def rows(table: perspective.Table) -> Any:
    return table.view().to_json()


def test_every_type_arrives_as_it_is(make: Any) -> None:
    ours, held = make(Quote)
    assert ours.kinds == {
        "id": "string",
        "at": "datetime",
        "day": "date",
        "size": "integer",
        "price": "float",
        "firm": "boolean",
        "side": "string",
        "tags": "string",
        "leg.name": "string",
        "leg.ratio": "float",
    }
    assert held.schema() == ours.kinds
    moment = datetime(2024, 1, 2, 3, 4, 5, 678000)
    leg = Leg(name="é", ratio=0.5)
    ours.write(
        [
            Quote(id="1", at=moment, day=date(2024, 1, 2), size=2**53, price=1.5, firm=True, side=Side.SELL, leg=leg),
            Quote(id="2", size=-(2**40), price=float("nan"), tags={"a": 1}),
        ]
    )
    first, second = rows(held)
    assert first == {
        "id": "1",
        "at": 1704164645678,
        "day": 1704153600000,
        "size": 2**53,
        "price": 1.5,
        "firm": True,
        "side": "SELL",
        "tags": None,
        "leg.name": "é",
        "leg.ratio": 0.5,
    }
    assert {name: value for name, value in second.items() if value is not None} == {
        "id": "2",
        "size": -(2**40),
        "tags": '{"a":1}',
    }


def test_a_table_keeps_the_newest_rows(make: Any) -> None:
    ours, held = make(Quote, limit=3)
    ours.write([Quote(size=n) for n in range(5)])
    ours.write([Quote(size=5)])
    assert [row["size"] for row in rows(held)] == [3, 4, 5]
    assert ours.size() == 3
    assert ours.statistics()["written"] == 6


def test_an_indexed_table_keeps_one_row_a_key_and_forgets_the_oldest_keys(make: Any) -> None:
    ours, held = make(Quote, index="id", limit=3)
    for n, key in enumerate("abcad"):
        ours.write([Quote(id=key, size=n)])
    assert {row["id"]: row["size"] for row in rows(held)} == {"a": 3, "c": 2, "d": 4}
    assert ours.statistics()["forgotten"] == 1


@pytest.mark.parametrize("index", ["size", "price", "at", "day"])
def test_keys_of_any_type_are_forgotten(make: Any, index: str) -> None:
    ours, held = make(Quote, index=index, limit=2)
    ours.write(
        [Quote(id=str(n), at=datetime(2024, 1, n), day=date(2024, 1, n), size=2**40 + n, price=n) for n in (1, 2, 3)]
    )
    assert [row["id"] for row in rows(held)] == ["2", "3"]


def test_several_columns_make_one_key(make: Any) -> None:
    ours, held = make(Quote, index=["side", "leg.name"])
    assert ours.index == "index"
    assert ours.kinds["index"] == "string"
    ours.write([Quote(side=Side.BUY, leg=Leg(name="x"), size=1), Quote(side=Side.BUY, size=2)])
    ours.write([Quote(side=Side.BUY, leg=Leg(name="x"), size=3)])
    assert {row["index"]: row["size"] for row in rows(held)} == {"BUY-x": 3, "BUY-": 2}


def test_the_computed_key_makes_way_for_a_column_of_its_name(make: Any) -> None:
    class Indexed(csp.Struct):
        index: int
        name: str

    assert make(Indexed, index=["index", "name"])[0].index == "index-name"


@pytest.mark.parametrize(("index", "said"), [("prise", "did you mean 'price'"), ("firm", "boolean values.*cannot be")])
def test_what_cannot_be_a_key_is_refused(make: Any, index: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        make(Quote, index=index)


def test_excluded_columns_are_not_there(make: Any) -> None:
    ours, _ = make(Quote, excluded_columns={"leg": {"ratio"}, "tags": True, "at": True})
    assert list(ours.kinds) == ["id", "day", "size", "price", "firm", "side", "leg.name"]


def test_lists_become_rows_but_not_without_end(make: Any) -> None:
    ours, held = make(Curve)
    ours.write([Curve(name="a", points=[1.0, 2.0], others=[7]), Curve(name="b", points=[])])
    assert [(row["name"], row["points"], row["others"]) for row in rows(held)] == [
        ("a", 1.0, 7),
        ("a", 2.0, 7),
        ("b", None, None),
    ]
    ours.write([Curve(points=[0.0] * 300, others=[0] * 300)])
    assert ours.size() == 3 + MOST_ROWS
    assert ours.statistics()["cut"] == 90_000 - MOST_ROWS


@pytest.mark.parametrize("config", [{"limit": 2_000}, {"index": "size"}], ids=["newest", "keyed"])
def test_memory_does_not_grow_with_texts_that_are_gone(
    make: Any, monkeypatch: pytest.MonkeyPatch, config: dict[str, Any]
) -> None:
    monkeypatch.setattr(table_module, "RENEW_EVERY", 10_000)
    ours, held = make(Quote, **config)
    view = held.view()

    def write(rounds: int) -> int:
        for round_ in range(rounds):
            ours.write([Quote(id=f"{round_}/{n}" * 20, size=n) for n in range(2_000)])
        return resident()

    before = write(10)
    assert write(60) - before < 40 * 2**20  # without the renewal 56 MB and more
    assert view.num_rows() == ours.size() == 2_000
    assert [row["size"] for row in view.to_json()] == list(range(2_000))


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
