"""Channels and states that modules ask for."""

from datetime import datetime, timedelta
from typing import Annotated, Any, List  # noqa: UP035  # both spellings are tested

import csp
import pytest
from csp import ts
from pydantic import PrivateAttr, field_validator

from csp_gateway import DeclarationError, Gateway, GatewayChannels, GatewayModule, GatewayStruct, WiringError
from csp_gateway.errors import DynamicChannelError
from csp_gateway.server.gateway.widen import gathered_states, widen

SECOND = timedelta(seconds=1)


class Quote(GatewayStruct):
    price: float


class Trade(GatewayStruct):
    price: float


class Ch(GatewayChannels):
    region: str = "eu"
    limits: dict[str, float] = {}
    quotes: ts[Quote] = None
    venues: dict[str, ts[Quote]] = None
    _secret: int = PrivateAttr(0)

    @field_validator("region")
    @classmethod
    def _lower(cls, region: str) -> str:
        return region.lower()


class Asks(GatewayModule):
    channels: dict[str, Any] = {}
    states: Any = None

    def dynamic_channels(self) -> Any:
        return self.channels

    def dynamic_state_channels(self) -> Any:
        return self.states

    def connect(self, channels: Any) -> None:
        """It only asks."""


class Other(Asks):
    """The same, by another name."""


def spelled(channels: GatewayChannels) -> dict[str, str]:
    return {name: str(declaration) for name, declaration in channels.declared.items()}


DECLARED = {"quotes": "ts[Quote]", "venues": "Dict[str, ts[Quote]]"}


def test_channels_are_added() -> None:
    widened = widen(Ch(), [Asks(channels={"fast": Quote, "slow": List[Quote]}), Other(channels={"short": [Trade]})])  # noqa: UP006
    assert spelled(widened) == {
        **DECLARED,
        "fast": "ts[Quote]",
        "slow": "ts[List[Quote]]",
        "short": "ts[List[Trade]]",
    }
    assert isinstance(widened, Ch)
    assert type(widened).__name__ == "ChWithDynamicChannels"
    assert type(widened).fast == "fast"


def test_nobody_asks_and_nothing_changes() -> None:
    channels = Ch()
    assert widen(channels, [Asks(), GatewayModule()]) is channels
    assert widen(channels, []) is channels


def test_the_disabled_take_no_part() -> None:
    channels = Ch()
    assert widen(channels, [Asks(channels={"fast": Quote}, disable=True)]) is channels


def test_what_is_given_is_left_as_it_was() -> None:
    channels = Ch(region="US")
    modules = [Asks(channels={"fast": Quote})]
    before = (list(modules), dict(channels), type(channels))
    widen(channels, modules)
    assert (list(modules), dict(channels), type(channels)) == before
    assert "fast" not in Ch.declared
    assert not hasattr(Ch, "fast")


def test_static_values_and_private_attributes_are_carried_over_as_they_are() -> None:
    limits = {"a": 1.0}
    channels = Ch(region="US", limits=limits)
    channels._secret = 7
    channels.region = "Not validated again"
    widened: Any = widen(channels, [Asks(channels={"fast": Quote})])
    assert (widened.region, widened._secret) == ("Not validated again", 7)
    assert widened.limits is channels.limits
    assert widened.fast is None
    assert widened.model_fields_set == channels.model_fields_set


def test_what_is_there_already_is_not_added_again() -> None:
    modules = [Asks(channels={"quotes": Quote, "fast": Quote}), Other(channels={"fast": Quote})]
    widened = widen(Ch(), modules)
    assert spelled(widened) == {**DECLARED, "fast": "ts[Quote]"}
    assert widen(widened, modules) is widened
    wider = widen(widened, [*modules, Other(channels={"more": Trade})])
    assert spelled(wider) == {**DECLARED, "fast": "ts[Quote]", "more": "ts[Trade]"}
    assert type(wider).__name__ == "ChWithDynamicChannels"


def test_the_new_channels_can_be_wired() -> None:
    class Feed(Asks):
        def connect(self, channels: Any) -> None:
            channels.set_channel("fast", csp.const(Quote(price=2.5)))
            csp.add_graph_output("fast", channels.get_channel("fast"))

    gateway = Gateway(channels=widen(Ch(), [Asks(channels={"fast": Quote})]), modules=[Feed()])
    outputs = csp.run(gateway.graph, starttime=datetime(2024, 1, 1), endtime=SECOND)
    assert [value.price for _, value in outputs["fast"]] == [2.5]


def test_two_types_for_one_name() -> None:
    modules = [Asks(channels={"fast": Quote}), Other(channels={"fast": list[Quote]})]
    message = (
        r"Conflicting types for dynamic channel 'fast': ts\[Quote\] in Asks\.dynamic_channels \(.*\.py:\d+\), "
        r"ts\[List\[Quote\]\] in Other\.dynamic_channels"
    )
    with pytest.raises(ValueError, match=message) as refused:
        widen(Ch(), modules)
    assert isinstance(refused.value, WiringError)


@pytest.mark.parametrize(
    ("name", "carries", "has"),
    [
        ("quotes", Trade, r"ts\[Quote\]"),
        ("quotes", List[Quote], r"ts\[Quote\]"),  # noqa: UP006
        ("venues", Quote, r"Dict\[str, ts\[Quote\]\]"),
        ("region", Quote, "a static field"),
    ],
)
def test_a_name_that_is_declared_otherwise(name: str, carries: Any, has: str) -> None:
    with pytest.raises(DynamicChannelError, match=rf"Asks\.dynamic_channels .*but Ch\.{name} is {has} already"):
        widen(Ch(), [Asks(channels={name: carries})])


@pytest.mark.parametrize("name", ["last", "copy", "get_channel", "dynamic_keys", "mro"])
def test_a_name_that_would_hide_a_method(name: str) -> None:
    with pytest.raises(DynamicChannelError, match=rf"cannot be called '{name}', it would hide Ch\.{name}; call it"):
        widen(Ch(), [Asks(channels={name: Quote})])


@pytest.mark.parametrize("name", ["", "_fast", "two words", "a/b", "1st"])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(DynamicChannelError, match="its name is a Python name"):
        widen(Ch(), [Asks(channels={name: Quote})])


@pytest.mark.parametrize(
    "carries",
    [3, None, "Quote", [], ts[Quote], list[ts[Quote]], dict[str, ts[Quote]], Annotated[Quote, "a mark"], [3]],
)
def test_what_no_tick_can_carry(carries: Any) -> None:
    with pytest.raises(DynamicChannelError, match=r"'fast' asks for .*; say what one tick carries, S or List\[S\]"):
        widen(Ch(), [Asks(channels={"fast": carries})])


def test_what_carries_no_structs_warns() -> None:
    with pytest.warns(UserWarning, match=r"numbers carries float.*not available over REST"):
        widen(Ch(), [Asks(channels={"numbers": float})])


def test_states_are_promised_by_the_module_that_asks_for_the_channel() -> None:
    fast = Asks(channels={"fast": Quote, "slow": Quote}, states={"fast"})
    assert gathered_states([fast, Other(channels={"slow": Quote}, states=["slow"]), Asks()]) == {
        "fast": "Asks",
        "slow": "Other",
    }
    fast.disable = True
    assert gathered_states([fast]) == {}


def test_a_state_of_what_the_module_does_not_ask_for() -> None:
    others = Asks(channels={"fast": Quote})
    with pytest.raises(ValueError, match=r"Other\.dynamic_state_channels .*'fats' is not among .* mean 'fast'"):
        gathered_states([others, Other(channels={"fast": Quote}, states={"fats"})])
    with pytest.raises(
        DynamicChannelError, match=r"'fast' is not among the module's own dynamic_channels; there are n"
    ):
        gathered_states([others, Other(states={"fast"})])
    with pytest.raises(DynamicChannelError, match="not a set of names"):
        gathered_states([Asks(channels={"fast": Quote}, states="fast")])


def test_a_widened_class_is_held_to_what_its_base_is() -> None:
    made = type(widen(Ch(), [Asks(channels={"fast": Quote})]))
    with pytest.raises(DeclarationError, match="'fast' is a channel or static field"):
        type(made)("Bad", (made,), {"__module__": __name__, "fast": None})
