"""Which channels a module means."""

import pytest
from csp import ts
from pydantic import BaseModel, ValidationError

from csp_gateway import ChannelSelection, GatewayChannels, GatewayStruct, UnknownChannelError


class Quote(GatewayStruct):
    price: float


class Ch(GatewayChannels):
    region: str = "eu"
    quotes: ts[Quote] = None
    trades: ts[Quote] = None


class Holder(BaseModel):
    selection: ChannelSelection = ChannelSelection()


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        (None, ["quotes", "trades"]),
        ([], []),
        (["trades", "quotes", "trades"], ["trades", "quotes"]),
        ({"exclude": ["quotes"]}, ["trades"]),
        ({"include": ["trades", "quotes"], "exclude": ["trades"]}, ["quotes"]),
        (["region", "quotes"], ["quotes"]),
    ],
)
def test_its_short_forms(given: object, chosen: list[str]) -> None:
    selection = Holder(selection=given).selection
    assert selection.select_from(Ch) == chosen
    assert selection.select_from(Ch()) == chosen


def test_static_fields_and_all_fields() -> None:
    everything = ChannelSelection()
    assert everything.select_from(Ch, static_fields=True) == ["region"]
    assert everything.select_from(Ch, all_fields=True) == ["region", "quotes", "trades"]


@pytest.mark.parametrize("given", [["quots"], {"exclude": ["quots"]}])
def test_an_unknown_name_is_an_error_that_names_the_nearest(given: object) -> None:
    with pytest.raises(UnknownChannelError, match="did you mean 'quotes'"):
        Holder(selection=given).selection.select_from(Ch)


@pytest.mark.parametrize("given", [3, "quotes", {"includ": ["quotes"]}])
def test_anything_else_is_a_validation_error(given: object) -> None:
    with pytest.raises(ValidationError):
        Holder(selection=given)
