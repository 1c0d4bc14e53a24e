"""What was given up before it was answered."""

import pytest

from csp_gateway.client.followed import Followed
from csp_gateway.client.given_up import GivenUp, unwished
from csp_gateway.wire.commands import Follow, Unsubscribe

KEY, WHOLE = Follow(channel="c", key="A"), Follow(channel="c")


def test_what_nobody_else_wishes_is_ended() -> None:
    both = frozenset("AB")
    assert unwished(None, [], None) == frozenset()
    assert unwished(both, [], None) == both
    assert unwished(both, [], Followed("c", KEY)) == unwished(both, [frozenset("A")], None) == {"B"}
    for wished, followed in (([None], None), ([], Followed("c", WHOLE))):
        assert unwished(both, wished, followed) is None


@pytest.mark.parametrize("name", ["a_b", "a-b"])
def test_a_whole_basket_of_which_keys_are_wished_is_narrowed_once_nothing_is_open_of_it(name: str) -> None:
    given_up = GivenUp()
    given_up.add(1, Follow(channel="a_b"))
    assert given_up.answered(2, "a_b", [], None) is None
    assert given_up.answered(1, "a_b", [Follow(channel=name, key="A")], None) is None
    assert given_up.narrowed([name]) == []
    assert given_up.narrowed(["other"]) == ["a_b"]
    assert given_up.narrowed([]) == []


def test_nothing_is_narrowed_that_is_wished_whole_or_lost() -> None:
    given_up = GivenUp()
    for followed in (Followed("c", WHOLE), Followed("c", KEY)):
        given_up.add(1, WHOLE)
        given_up.answered(1, "c", [], followed)
        if followed.keys is not None:
            given_up.clear()
        assert given_up.narrowed([]) == []
    given_up.add(1, WHOLE)
    given_up.refused(1)
    assert len(given_up) == 0


def test_an_unsubscribe_that_is_answered_is_told_once() -> None:
    given_up, ending = GivenUp(), Unsubscribe(channel="c")
    given_up.add(1, ending)
    given_up.add(2, WHOLE)
    assert len(given_up) == 2
    assert given_up.ended(2) is None
    assert given_up.ended(1) is ending
    assert given_up.ended(1) is None
    assert given_up.answered(1, "c", [], None) is None
