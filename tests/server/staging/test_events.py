"""Stagings, their events and what can be asked of them, as structs."""

import json

import pytest

from csp_gateway import GatewayStruct
from csp_gateway.server.staging.events import Staging, StagingAction, StagingEvent, StagingRequest


class Order(GatewayStruct):
    x: int


class Fill(GatewayStruct):
    price: float


def test_the_actions_have_the_numbers_that_programs_know() -> None:
    assert {action.name: action.value for action in StagingAction} == {
        "CREATED": 0,
        "ADDED": 1,
        "REMOVED": 2,
        "RELEASED": 3,
    }


def test_an_event_carries_records_of_any_class_and_is_json() -> None:
    event = StagingEvent(
        channel="a", staging_id="7", action=StagingAction.RELEASED, items=[Order(x=1), Fill(price=2.5)]
    )
    said = json.loads(event.model_dump_json())
    assert (said["channel"], said["staging_id"], said["action"]) == ("a", "7", "RELEASED")
    assert [(item.get("x"), item.get("price")) for item in said["items"]] == [(1, None), (None, 2.5)]


def test_an_event_carries_nothing_but_records() -> None:
    with pytest.raises(TypeError):
        StagingEvent(channel="a", staging_id="7", action=StagingAction.ADDED, items=[3])


def test_what_a_request_leaves_out_is_not_empty() -> None:
    request = StagingRequest(action=StagingAction.ADDED)
    assert not hasattr(request, "staging_ids")
    assert not hasattr(request, "items")
    assert StagingRequest(action=StagingAction.ADDED, staging_ids=[]).staging_ids == []


def test_a_request_carries_what_can_be_staged() -> None:
    order = Order(x=1)
    request = StagingRequest(action=StagingAction.ADDED, items=[order, [order], {"a": order}])
    assert list(request.items) == [order, [order], {"a": order}]


def test_a_staging_holds_records_back() -> None:
    first, second = Order(x=1), Order(x=2)
    staging = Staging()
    staging.add(first)
    staging.add(second)
    staging.add(first)
    assert staging.items == [first, second, first]
    assert staging.lookup(second.id) == second
    assert staging.lookup("7") is None
    assert staging.remove(Order(id=first.id)) == [first, first]
    assert staging.clear() == [second]
    assert staging.items == []


def test_two_stagings_share_no_records() -> None:
    one, other = Staging(), Staging()
    one.add(Order(x=1))
    assert other.items == []
    assert Staging().items == []


@pytest.mark.parametrize("carrier", [Staging, StagingEvent, StagingRequest])
def test_what_carries_records_is_not_kept_for_the_lookup(carrier: type[GatewayStruct]) -> None:
    assert not carrier.included_in_lookup()
