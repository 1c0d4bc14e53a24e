import enum
import json
from datetime import datetime

import pytest
from msgspec.structs import replace

from csp_gateway.client.wishes import FollowOptions, joined, refuse_unknown, wish, wishes
from csp_gateway.errors import QueryError, WrongArgumentError
from csp_gateway.wire import Filter, FilterCondition, Query
from csp_gateway.wire.commands import Follow

A = {"attr": "n", "by": {"value": 1}}


class Side(enum.Enum):
    BUY = 1


def test_a_channel_is_a_name_a_name_and_a_key_or_a_follow() -> None:
    given = Follow(channel="c", positions=True)
    assert wishes(["a"], {}) == [Follow(channel="a")]
    assert wishes("a", {}) == [Follow(channel="a")]
    assert wishes([("b", "K"), ("b", Side.BUY)], {}) == [Follow(channel="b", key="K"), Follow(channel="b", key="BUY")]
    assert wishes(["b"], {"keys": ("K", Side.BUY, 2)}) == [Follow(channel="b", keys=["K", "BUY", 2])]
    assert wishes([given], {}) == [given]
    assert wishes(["b/K", "b/EU/FX"], {}) == [Follow(channel="b", key="K"), Follow(channel="b", key="EU/FX")]


def test_options_are_those_of_follow() -> None:
    assert set(FollowOptions.__annotations__) == set(Follow.__struct_fields__) - {"id", "channel", "key"}
    assert wishes(["a", "b"], {"snapshot": True}) == [Follow(channel=name, snapshot=True) for name in "ab"]


def test_keys_that_are_wanted_alike_are_asked_for_together() -> None:
    plain, some = Follow(channel="a"), Follow(channel="b", keys=["K", "L"])
    wanted = [plain, *wishes([("b", "K"), ("b", 2)], {"where": A}), Follow(channel="b", key="M"), some, plain, plain]
    filtered = wish("b", where=A)
    assert joined(wanted) == [
        (plain, 1),
        (replace(filtered, keys=["K", 2]), 2),
        (Follow(channel="b", key="M"), 1),
        (some, 1),
        (plain, 1),
        (plain, 1),
    ]
    many = joined(wishes([("b", n) for n in range(1_001)], {}))
    assert [count for _, count in many] == [1_000, 1]
    assert many[1][0].key == 1_000


def test_where_is_a_filter_several_or_a_query_of_filters() -> None:
    made = Filter(attr="n", by=FilterCondition(value=1))
    for where in (A, made, [A], [made], Query(filters=[made])):
        assert json.loads(bytes(wish("a", where=where).where)) == [A]
    assert bytes(wish("a", where=None).where) == b""


def test_what_cannot_be_is_said_in_words() -> None:
    with pytest.raises(TypeError, match="there is no option 'snapshoot'; did you mean 'snapshot'"):
        wish("a", snapshoot=True)
    for name in ("keys", "fields"):
        with pytest.raises(TypeError, match=rf"^{name} is a list of texts, such as \['price'\], and not one text$"):
            wish("a", **{name: "price"})
    for since in (datetime(2026, 1, 31), "2026-01-31"):
        with pytest.raises(TypeError, match=r"^since is the offset of a tick, such as 17, and no time"):
            wish("a", since=since)
    with pytest.raises(WrongArgumentError, match="there is no option 'timout'; did you mean 'timeout'"):
        refuse_unknown({"since": 1, "timout": 5}, ("timeout",))
    with pytest.raises(QueryError):
        wish("a", where={"attr": "n"})
    with pytest.raises(WrongArgumentError, match="limit too"):
        wish("a", where=Query(limit=3))
    with pytest.raises(WrongArgumentError, match="names none"):
        wishes([], {})
    with pytest.raises(TypeError, match="and not 7"):
        wishes([7], {})  # type: ignore[list-item]
    with pytest.raises(WrongArgumentError, match="says its own snapshot"):
        wishes([Follow(channel="a")], {"snapshot": True})


def test_a_text_is_no_filter() -> None:
    with pytest.raises(QueryError, match=r"where is a filter or a list of them.* not a text such as 'n > 3'"):
        wish("orders", where="n > 3")
