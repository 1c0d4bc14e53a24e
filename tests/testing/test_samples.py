"""Structs, channels and gateways to borrow."""

import importlib
import sys
import warnings
from datetime import timedelta

import pytest

from csp_gateway import GatewayChannels
from csp_gateway.testing import MyEnum, MyGateway, MyGatewayChannels, MySmallGateway, MySmallGatewayChannels, MyStruct


def test_a_struct_with_a_default_and_a_private_field() -> None:
    one = MyStruct(foo=1.0, time=timedelta(seconds=1))
    assert (one.foo, one.time, one.my_flag) == (1.0, timedelta(seconds=1), True)
    assert not hasattr(one, "_new")


def test_channels_of_every_kind() -> None:
    declared = MyGatewayChannels.declared
    assert {name: str(declaration) for name, declaration in declared.items()} == {
        "my_channel": "ts[MyStruct]",
        "my_list_channel": "ts[List[MyStruct]]",
        "my_enum_basket": "Dict[MyEnum, ts[MyStruct]]",
        "my_str_basket": "Dict[str, ts[MyStruct]]",
        "my_enum_basket_list": "Dict[MyEnum, ts[List[MyStruct]]]",
        "my_array_channel": str(declared["my_array_channel"]),
    }
    assert declared["my_enum_basket"].keys == (MyEnum.ONE, MyEnum.TWO)
    assert declared.statics == {"my_static", "my_static_dict", "my_static_list"}
    assert MyGatewayChannels.state_aliases() == ["my_channel", "my_list_channel"]
    assert MySmallGatewayChannels.state_aliases() == ["example"]
    assert MyGatewayChannels().my_static == 0.0


@pytest.mark.parametrize(
    ("gateway", "channels"), [(MyGateway, MyGatewayChannels), (MySmallGateway, MySmallGatewayChannels)]
)
def test_a_gateway_has_its_channels(gateway: type[MyGateway], channels: type[GatewayChannels]) -> None:
    assert type(gateway().channels) is channels
    with pytest.raises(ValueError, match=f"channels must be {channels.__name__}"):
        gateway(channels=GatewayChannels())


def test_borrowing_warns_of_nothing() -> None:
    """Where a user declares such channels the warning is for the user; these are meant so."""
    before = sys.modules.pop("csp_gateway.testing.samples")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            importlib.import_module("csp_gateway.testing.samples")
    finally:
        sys.modules["csp_gateway.testing.samples"] = before
