"""Modules to borrow."""

import threading
from datetime import datetime, timedelta
from typing import Any

import csp
import pytest

from csp_gateway import BuildFailedError, EngineError, GatewayModule, NoProviderException, ShutdownError
from csp_gateway.testing import (
    CspDieModule,
    LongStartModule,
    MyDictBasketModule,
    MyExampleModule,
    MyGateway,
    MyGetModule,
    MyNoTickDictBasket,
    MySetModule,
    MySmallGateway,
    MySmallGatewayChannels,
    MyStruct,
    NeverDieModule,
    running_gateway,
)

START = datetime(2024, 1, 1)
SECOND = timedelta(seconds=1)
ONE, TWO = (MyStruct(foo=foo, time=SECOND) for foo in (1.0, 2.0))


def outputs(*modules: GatewayModule) -> dict[str, Any]:
    ticked = csp.run(MyGateway(modules=list(modules)).graph, starttime=START, endtime=SECOND)
    return {name: [value for _, value in ticks] for name, ticks in ticked.items()}


@pytest.mark.parametrize("by_key", [True, False])
def test_every_channel_is_set_and_got(by_key: bool) -> None:
    ticked = outputs(
        MyGetModule(), MySetModule(my_data=ONE, my_data2=csp.const(TWO), my_list_data=[ONE, TWO], by_key=by_key)
    )
    assert list(ticked.pop("my_array_channel")[0]) == [1.0, 2.0]
    assert ticked == {
        "my_channel": [ONE],
        "my_list_channel": [[ONE, TWO]],
        "my_enum_basket[MyEnum.ONE]": [ONE],
        "my_enum_basket[MyEnum.TWO]": [TWO],
        "my_str_basket_my_key": [ONE],
        "my_str_basket_my_key2": [TWO],
        "my_enum_basket_list[MyEnum.ONE]": [[ONE, TWO]],
        "my_enum_basket_list[MyEnum.TWO]": [[ONE, TWO]],
    }


def test_what_gets_requires_nothing_and_what_is_not_given_never_ticks() -> None:
    assert not any(outputs(MyGetModule()).values())
    assert not any(ticks for name, ticks in outputs(MyGetModule(), MySetModule()).items() if name != "my_array_channel")


def test_numbers_are_counted() -> None:
    gateway = MySmallGateway(modules=[MyExampleModule(interval=SECOND), MyDictBasketModule(interval=SECOND)])
    names = MySmallGatewayChannels

    def look(channels: MySmallGatewayChannels) -> None:
        csp.add_graph_output("example", channels.get_channel(names.example))
        for key, edge in channels.get_channel(names.my_str_basket).items():
            csp.add_graph_output(key, edge)

    ticked = gateway.start(look, realtime=False, starttime=START, endtime=2 * SECOND)
    assert [value for _, value in ticked["example"]] == [1, 2]
    assert [value for _, value in ticked["my_key"]] == [1.0, 2.0]
    assert [value for _, value in ticked["my_key2"]] == [1.0, 2.0, 3.0, 4.0]


def test_a_basket_that_is_there_and_never_ticks() -> None:
    gateway = MySmallGateway(modules=[MyNoTickDictBasket()])
    ticked = gateway.start(
        lambda channels: csp.collect(list(channels.get_channel("my_str_basket").values())),
        realtime=False,
        endtime=SECOND,
    )
    assert len(ticked["user_graph"]) == 0
    assert list(gateway.channels.keys_for_channel("my_str_basket") or ()) == ["my_key", "my_key2"]


def test_the_example_can_be_sent_to() -> None:
    with running_gateway(MySmallGateway(modules=[MyExampleModule(interval=timedelta(hours=1))])) as gateway:
        gateway.channels.send(MySmallGatewayChannels.example, 7)
        assert gateway.channels.last(MySmallGatewayChannels.example, timeout=20) == 7


def test_an_engine_dies_at_the_tick_it_is_told() -> None:
    gateway = MySmallGateway(modules=[MyExampleModule(), CspDieModule(count=3)])
    with pytest.raises(EngineError, match="'int' object has no attribute 'no_such_attribute'"):
        gateway.start(realtime=False, starttime=START, endtime=3 * SECOND)
    MySmallGateway(modules=[MyExampleModule(), CspDieModule(count=4)]).start(realtime=False, endtime=3 * SECOND)
    harmless = CspDieModule(count=1, attribute_to_access="real")
    MySmallGateway(modules=[MyExampleModule(), harmless]).start(realtime=False, endtime=3 * SECOND)
    with pytest.raises(NoProviderException):
        MySmallGateway(modules=[CspDieModule()]).start(realtime=False, endtime=3 * SECOND)


def test_a_module_that_never_ends_is_not_waited_for() -> None:
    never = NeverDieModule()
    gateway = MySmallGateway(modules=[never])
    gateway.start(block=False, module_shutdown_timeout=0.05)
    with pytest.raises(ShutdownError, match=r"NeverDieModule.shutdown had not ended after 0.05 s"):
        gateway.stop()
    (left,) = [thread for thread in threading.enumerate() if thread.name == "close-NeverDieModule"]
    never.let_go()
    left.join(20)
    assert not left.is_alive()


def test_a_module_that_takes_its_time() -> None:
    with pytest.raises(BuildFailedError, match=r"LongStartModule.connect raised ValueError"):
        MySmallGateway(modules=[LongStartModule(sleep=-1)]).start(realtime=False, endtime=SECOND)
    MySmallGateway(modules=[LongStartModule(sleep=0.01)]).start(realtime=False, endtime=SECOND)
