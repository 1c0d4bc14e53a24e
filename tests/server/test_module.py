"""GatewayModule: the contract of a plug-in."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import csp
import pytest
from csp import ts
from pydantic import ValidationError

from csp_gateway import ChannelSelection, GatewayModule, GatewaySettings


class Timed(GatewayModule):
    interval: timedelta = timedelta(seconds=1)
    source: ts[int] | None = None

    @csp.node
    def subscribe(self, trigger: ts[bool]) -> ts[int]:
        if csp.ticked(trigger):
            return 1

    @csp.graph
    def wired(self) -> ts[int]:
        return self.subscribe(csp.timer(self.interval, True))

    def connect(self, channels: Any) -> None:
        pass


def test_options_are_pydantic_fields_and_nodes_and_graphs_may_be_methods() -> None:
    part = Timed(interval=0.5)
    assert part.interval == timedelta(seconds=0.5)
    outputs = csp.run(part.wired, starttime=datetime(2024, 1, 1), endtime=timedelta(seconds=2))
    assert len(outputs[0]) == 4


def test_what_it_does_when_it_says_nothing() -> None:
    part = Timed()
    assert (part.requires, part.disable, part.block_set_channels_until, part.api_version) == (None, False, None, None)
    assert part.info(GatewaySettings()) is None
    assert (part.dynamic_channels(), part.dynamic_state_channels(), part.dynamic_keys()) == (None, None, None)
    part.rest(None)
    part.shutdown()
    with pytest.raises(NotImplementedError, match="GatewayModule does not say how to connect"):
        GatewayModule().connect(None)


def test_an_api_version_has_no_slashes_around_it() -> None:
    assert [Timed(api_version=each).api_version for each in ("v2", "/v2/", "/", "", None)] == ["v2", "v2"] + [None] * 3


def test_an_unknown_option_names_the_nearest() -> None:
    with pytest.raises(ValidationError, match="Timed has no option 'intervall'; did you mean 'interval'"):
        Timed(intervall=3)


@pytest.mark.parametrize("spelling", ["disable", "disabled"])
def test_both_spellings_of_disable(spelling: str) -> None:
    assert Timed(**{spelling: True}).disable
    assert Timed.model_validate({spelling: True}).disable


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (datetime(2024, 1, 1, 12), datetime(2024, 1, 1, 12)),
        (datetime(2024, 1, 1, 12, tzinfo=UTC), datetime(2024, 1, 1, 12)),
        (datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=2))), datetime(2024, 1, 1, 10)),
    ],
)
def test_times_are_naive_utc(given: datetime, kept: datetime) -> None:
    assert Timed(block_set_channels_until=given).block_set_channels_until == kept


def test_a_class_may_say_what_it_requires() -> None:
    class Free(Timed):
        requires: ChannelSelection | None = []

    assert Free().requires == ChannelSelection(include=[])


def test_two_alike_are_two() -> None:
    one, two = Timed(), Timed()
    assert one != two
    assert len({one, two, one}) == 2
