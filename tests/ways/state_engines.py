"""The ways in which a state is answered, filled with the same records, each held against the oracle."""

import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from csp_gateway.server.state.asked import Asked
from csp_gateway.server.state.choice import CHOICE
from csp_gateway.server.state.clauses import NotInSql
from csp_gateway.server.state.found import Found, found_among
from csp_gateway.server.state.keyed import KeyedRecords
from csp_gateway.server.state.keys import Keys
from csp_gateway.server.state.meaning import held_against
from csp_gateway.server.state.searching import found_in
from csp_gateway.server.state.state import State
from csp_gateway.server.state.table import StateTable
from csp_gateway.wire import Query
from tests.ways.state_model import Model, Near, OneOf
from tests.ways.state_oracle import held
from tests.ways.state_records import CLASSES, Fields, built, read, written

TOMBSTONE = {"attr": "over", "by": {"value": True}}
_MOST_PAGES = 25


class Engines:
    """Python; DuckDB that takes every change in; DuckDB that leaves some aside, directly or as a ``State`` uses it.

    Args:
        plan: what ``plans`` draws.
        tally: how many cases there were; and of DuckDB's, how many it ``answered``, how many it ``declined``.
    """

    def __init__(self, plan: Any, tally: Counter[str]) -> None:
        self.cls = CLASSES[plan["class"]]
        self.tally = tally
        ends = plan["tombstone"]
        keys = Keys(self.cls, tuple(plan["keys"]))
        removes = (lambda record: getattr(record, "over", None) is True) if ends else None
        self.model = Model(plan["class"], plan["keys"], plan["max_rows"], ends)
        stores = [KeyedRecords(keys, plan["max_rows"], removes=removes) for _ in range(3)]
        tables = [StateTable(store, self.cls) for store in stores[1:]]
        self.state: State[Any] = State[self.cls](  # type: ignore[name-defined]
            tuple(plan["keys"]), max_rows=plan["max_rows"], tombstone=TOMBSTONE if ends else None
        )
        self._stores = [*stores, self.state]
        self._records: dict[int, tuple[Any, Fields]] = {}
        """id → a struct that was inserted, and what it was made of; kept, so that no id is given twice."""
        self.ways: dict[str, Callable[[Any, Asked], Found]] = {
            "Python": lambda query, asked: found_among(stores[0], asked),
            "DuckDB": lambda query, asked: self._of_duckdb(stores[0], tables[0], asked, 0),
            "aside": lambda query, asked: self._of_duckdb(stores[0], tables[1], asked, plan["aside"]),
        }
        if plan["as_state"]:
            self.ways["aside"] = lambda query, asked: self.state.ask(query)
        self._tables = tables

    def _of_duckdb(self, records: KeyedRecords, table: StateTable, asked: Asked, aside: int) -> Found:
        try:
            found = found_in(table, asked, records.keys, aside)
        except NotInSql:
            self.tally["declined"] += 1
            return found_among(records, asked)
        self.tally["answered"] += 1
        return found

    def close(self) -> None:
        for table in self._tables:
            table.forget()
        self.state.close()

    def insert(self, batch: Sequence[Fields], *, at_once: bool) -> None:
        self.model.insert(batch)
        structs = [built(self.cls, fields) for fields in batch]
        self._records.update((id(struct), (struct, fields)) for struct, fields in zip(structs, batch, strict=True))
        for store in self._stores:
            if at_once:
                store.insert_all(structs)
            else:
                (struct,) = structs
                store.insert(struct)

    def ask(self, query: Any) -> None:
        """Hold every way of answering against the oracle."""
        asked = held_against(Query.of(query), self.cls)
        rows = self.model.groups(query) if query.get("aggregates") else None
        page, more = ([], False) if rows is not None else self.model.page(query)
        self.tally["cases"] += 1
        for name, way in self.ways.items():
            found = way(query, asked)
            if rows is not None:
                assert len(found.values) == len(rows), f"{name}: {found.values} instead of {rows}"
                for row, wanted in zip(found.values, rows, strict=True):
                    assert list(row) == list(wanted), name
                    for column, value in row.items():
                        assert _alike(value, wanted[column]), f"{name}: {column} is {value!r}, not {wanted[column]!r}"
            else:
                self._check_page(name, query, found, page, more)

    def ask_page_by_page(self, query: Any, between: Sequence[Any]) -> None:
        """The same of page after page, of which each way is given the cursor that another gave, while records come
        and go."""
        told: list[Any] = []
        passing: list[set[Any]] = []
        after, cursor = None, None
        for number in range(_MOST_PAGES):
            query_now = query if cursor is None else query | {"cursor": cursor}
            asked = held_against(Query.of(query_now), self.cls)
            page, more = self.model.page(query, after)
            passing.append({self.model.key(record) for record in self.model.passing(query)})
            told += [self.model.key(record) for record in page]
            self.tally["cases"] += 1
            cursors = []
            for name, way in self.ways.items():
                found = way(query_now, asked)
                self._check_page(name, query, found, page, more)
                cursors.append(found.cursor)
            if not more:
                break
            cursor = cursors[number % len(cursors)]
            if cursor is None:
                assert cursors == [None] * len(cursors)
                return
            after = self.model.place(page[-1], query)
            for step in between[number : number + 1]:
                self.take(step)
        else:
            return
        if "order_by" not in query:
            assert len(told) == len(set(told))
            assert set.intersection(*passing) <= set(told)

    def _check_page(self, name: str, query: Any, found: Found, page: Sequence[Fields], more: bool) -> None:
        if "select" in query:
            wanted = [{path: written(held(record, path)) for path in query["select"]} for record in page]
            values = [{path: written(value) for path, value in row.items()} for row in found.values]
            assert _text(values) == _text(wanted), name
        else:
            values = [self._records[id(record)][1] for record in found.values]
            assert [id(each) for each in values] == [id(each) for each in page], f"{name}: {values}, not {page}"
        assert found.more is more, f"{name}: it says there is {'' if found.more else 'no '}more"
        assert more or found.cursor is None, name

    def take(self, step: Any) -> None:
        """Do a step of a plan."""
        ((what, said),) = step.items()
        if what == "insert":
            self.insert([read(said)], at_once=False)
        elif what == "batch":
            self.insert([read(each) for each in said], at_once=True)
        elif what == "ask":
            self.ask(said)
        else:
            self.ask_page_by_page(said["query"], said["between"])
        for store in self._stores:
            assert len(store) == len(self.model.rows)


def run(plan: Any, tally: Counter[str]) -> None:
    """Do what a plan says; an assertion fails where somebody is of another opinion than the oracle."""
    engines = Engines(plan, tally)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(CHOICE, "few", 0)
        patched.setattr(CHOICE, "aside", plan["aside"])
        try:
            for step in plan["steps"]:
                engines.take(step)
            kept, _ = engines.model.page({})
            assert [engines._records[id(record)][1] for record in engines.state] == kept
            assert not engines.state.statistics()["duckdb"]["fell_back"]
        finally:
            engines.close()


def _alike(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, OneOf):
        return _text(written(value)) in [_text(written(each)) for each in wanted.values]
    if isinstance(wanted, list) and any(isinstance(each, Near) for each in wanted):
        return len(value) == len(wanted) and all(map(_alike, value, wanted))
    if not isinstance(wanted, Near):
        return _text(written(value)) == _text(written(wanted))
    if not isinstance(value, float) or not math.isfinite(wanted.value):
        return isinstance(value, float) and (value == wanted.value or (value != value and math.isnan(wanted.value)))
    return abs(value - wanted.value) <= wanted.within


def _text(said: Any) -> str:
    return json.dumps(said, sort_keys=True)
