"""The frozen table of what a class declares."""

from typing import Annotated, Any

import csp
import pytest
from csp import ts

from csp_gateway import DeclarationError, GatewayChannels, GatewayStruct, Keep, Stage, State, UnknownChannelError


class Quote(GatewayStruct):
    price: float


class Ch(GatewayChannels):
    region: str = "eu"
    quotes: ts[Quote] = None
    trades: ts[list[Quote]] = None


def test_it_holds_the_channels_in_declaration_order() -> None:
    assert list(Ch.declared) == ["quotes", "trades"]
    assert len(Ch.declared) == 2
    assert "region" not in Ch.declared


def test_an_unknown_channel_names_the_nearest() -> None:
    with pytest.raises(UnknownChannelError, match="Ch has no channel 'quots'; did you mean 'quotes'"):
        Ch.declared["quots"]


def test_it_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        Ch.declared["more"] = Ch.declared["quotes"]


def test_a_channel_without_structs_warns_once() -> None:
    with pytest.warns(UserWarning, match=r"Plain\.numbers carries float.*not available over REST") as warned:

        class Plain(GatewayChannels):
            numbers: ts[float] = None

    assert warned[0].filename == __file__

    class More(Plain):
        quotes: ts[Quote] = None

    assert list(More.declared) == ["numbers", "quotes"]


@pytest.mark.parametrize("mark", [State, Stage, Keep])
def test_a_mark_without_parentheses_is_refused(mark: Any) -> None:
    with pytest.raises(DeclarationError, match=rf"Wrong\.quotes: the mark is written {mark.__name__}\(\)"):

        class Wrong(GatewayChannels):
            quotes: Annotated[ts[Quote], mark] = None


@pytest.mark.parametrize("mark", [State(), Stage(), Keep()])
def test_a_mark_on_a_static_value_is_refused(mark: Any) -> None:
    with pytest.raises(DeclarationError, match=r"Wrong\.limit wears \w+\(…\), but a static value does not tick"):

        class Wrong(GatewayChannels):
            limit: Annotated[float, mark] = 1.0


def test_a_default_that_is_an_edge_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"Wrong\.quotes: the default of a channel is None; a module sets it"):

        class Wrong(GatewayChannels):
            quotes: ts[Quote] = csp.const(Quote())
