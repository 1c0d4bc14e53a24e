"""What other people call our options."""

from itertools import chain

import pytest

from csp_gateway.errors import FrameError, QueryError
from csp_gateway.wire.aggregates import Aggregate
from csp_gateway.wire.commands import Ping, Send, Subscribe, Unsubscribe, read_command
from csp_gateway.wire.conditions import FilterCondition
from csp_gateway.wire.filters import Filter
from csp_gateway.wire.query import OrderBy, Query
from csp_gateway.wire.synonyms import SYNONYMS, nearest_option, ours_for

PARTS = (Query, OrderBy, Filter, FilterCondition, Aggregate)
COMMANDS = (Subscribe, Unsubscribe, Send, Ping)


def test_every_word_stands_for_a_name_that_there_is() -> None:
    names = {name.rstrip("_") for part in PARTS for name in part.model_fields}
    names |= {name for kind in COMMANDS for name in (*kind.__struct_fields__, kind.__struct_config__.tag)}
    assert set(SYNONYMS) <= names | {"until"}  # a parameter of history's


@pytest.mark.parametrize("known", [[n.rstrip("_") for n in part.model_fields] for part in PARTS])
def test_a_word_means_one_thing_in_one_place(known: list[str]) -> None:
    words = list(chain.from_iterable(SYNONYMS.get(name, ()) for name in known))
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("query", "ours"),
    [
        ({"fields": ["a"]}, "select"),
        ({"columns": ["a"]}, "select"),
        ({"sort": ["a"]}, "order_by"),
        ({"orderBy": ["a"]}, "order_by"),
        ({"skip": 5}, "offset"),
        ({"page_size": 5}, "limit"),
        ({"aggs": {}}, "aggregates"),
        ({"order_by": [{"field": "a"}]}, "attr"),
        ({"order_by": [{"attr": "a", "desc": True}]}, "descending"),
        ({"filters": [{"field": "a", "by": {"value": 1}}]}, "attr"),
        ({"filters": [{"attr": "a", "by": {"value": 1, "op": ">"}}]}, "where"),
        ({"filters": [{"attr": "a", "by": {"one_of": [1]}}]}, "in"),
        ({"group_by": ["a"], "aggregates": {"n": {"mean": "b"}}}, "avg"),
    ],
)
def test_a_query_names_what_is_meant(query: dict[str, object], ours: str) -> None:
    with pytest.raises(QueryError, match=rf"did you mean '{ours}'\?"):
        Query.of(query)


@pytest.mark.parametrize(
    ("message", "ours"),
    [
        ('{"action": "subscribe", "channel": "a", "columns": ["b"]}', "fields"),
        ('{"action": "subscribe", "channel": "a", "filters": []}', "where"),
        ('{"action": "subscribe", "channel": "a", "throttle": 1}', "min_interval"),
        ('{"action": "send", "channel": "a", "payload": {}}', "data"),
        ('{"action": "subscribe", "topic": "a"}', "channel"),
        ('{"action": "publish", "channel": "a", "data": {}}', "send"),
    ],
)
def test_a_message_does_too(message: str, ours: str) -> None:
    with pytest.raises(FrameError, match=rf"did you mean '{ours}'\?"):
        read_command(message)


def test_what_no_table_has_is_a_misspelling() -> None:
    assert ours_for("zzz", ["select"]) is None
    assert nearest_option("selct", ["select", "limit"]) == "did you mean 'select'?"
    assert nearest_option("zzz", ["select", "limit"]) == "known: limit, select"
