"""Which channels a module means."""

from typing import Annotated

import pytest
from ccflow import ModelRegistry
from csp import ts
from pydantic import BaseModel, ValidationError

from csp_gateway import ChannelSelection, GatewayChannels, GatewayStruct, State, UnknownChannelError


class Quote(GatewayStruct):
    price: float


class Ch(GatewayChannels):
    region: str = "eu"
    quotes: Annotated[ts[Quote], State("id"), State("price", alias="by_price")] = None
    trades: ts[Quote] = None
    venues: dict[str, ts[Quote]] = None
    limit: float = 2.5


CHANNELS = ["quotes", "trades", "venues"]
STATICS = ["region", "limit"]
STATES = ["quotes", "by_price"]
FIELDS = ["region", "quotes", "trades", "venues", "limit"]


class Holder(BaseModel):
    selection: ChannelSelection = ChannelSelection()


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        (None, CHANNELS),
        ({}, CHANNELS),
        ({"include": None}, CHANNELS),
        (ChannelSelection(), CHANNELS),
        ([], []),
        ((), []),
        (["trades", "quotes", "trades"], ["trades", "quotes"]),
        ([Ch.venues], ["venues"]),
        ({"exclude": ["quotes"]}, ["trades", "venues"]),
        ({"include": ["trades", "quotes"], "exclude": ["trades"]}, ["quotes"]),
        (["region", "quotes", "by_price"], ["quotes"]),
    ],
)
def test_its_short_forms(given: object, chosen: list[str]) -> None:
    selection = Holder(selection=given).selection
    assert selection.select_from(Ch) == chosen
    assert selection.select_from(Ch()) == chosen


@pytest.mark.parametrize(
    ("mode", "everything", "named"),
    [
        ({}, CHANNELS, ["trades", "quotes"]),
        ({"static_fields": True}, STATICS, ["limit", "region"]),
        ({"state_channels": True}, STATES, ["by_price", "quotes"]),
        ({"all_fields": True}, FIELDS, ["limit", "trades", "quotes", "region"]),
        ({"all_fields": True, "static_fields": True}, FIELDS, ["limit", "trades", "quotes", "region"]),
    ],
)
def test_each_mode(mode: dict[str, bool], everything: list[str], named: list[str]) -> None:
    """By the same selection, which names something of every mode."""
    several = ChannelSelection(include=["limit", "by_price", "trades", "quotes", "trades", "region", "limit"])
    for channels in (Ch, Ch()):
        assert ChannelSelection().select_from(channels, **mode) == everything
        assert several.select_from(channels, **mode) == named
        for left_out in FIELDS + STATES:
            but_one = ChannelSelection(include=several.include, exclude={left_out}).select_from(channels, **mode)
            assert but_one == [name for name in named if name != left_out]
            all_but_one = ChannelSelection(exclude={left_out}).select_from(channels, **mode)
            assert all_but_one == [name for name in everything if name != left_out]


@pytest.mark.parametrize("mode", ["", "static_fields", "state_channels", "all_fields"])
@pytest.mark.parametrize(
    ("given", "nearest"),
    [
        (["trades", "quots"], "quotes"),
        ({"exclude": ["quots"]}, "quotes"),
        (["Region"], "region"),
        (["by_prce"], "by_p"),
    ],
)
def test_an_unknown_name_is_an_error_that_names_the_nearest(given: object, nearest: str, mode: str) -> None:
    for channels in (Ch, Ch()):
        with pytest.raises(UnknownChannelError, match=f"to select; did you mean '{nearest}"):
            Holder(selection=given).selection.select_from(channels, **({mode: True} if mode else {}))


def test_what_it_is_given_stays_as_it_was() -> None:
    names = ["trades", "quotes", "trades"]
    selection = ChannelSelection(include=names)
    selection.select_from(Ch).append("more")
    assert names == selection.include == ["trades", "quotes", "trades"]


@pytest.mark.parametrize("given", [3, "quotes", {"includ": ["quotes"]}, [None], {"exclude": "quotes"}])
def test_anything_else_is_a_validation_error(given: object) -> None:
    with pytest.raises(ValidationError):
        Holder(selection=given)


def test_a_text_is_not_a_list() -> None:
    with pytest.raises(ValidationError, match=r"by a list of their names: \['quotes'\]; alone 'quotes' would be"):
        Holder(selection="quotes")  # type: ignore[arg-type]  # the mistake is the point


def test_a_text_may_be_a_selection_in_the_registry() -> None:
    ModelRegistry.root().add("some", ChannelSelection(include=["quotes"]))
    try:
        assert ChannelSelection.model_validate("/some").include == ["quotes"]
    finally:
        ModelRegistry.root().clear()
