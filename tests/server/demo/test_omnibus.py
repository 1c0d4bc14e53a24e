"""The application that has every feature once."""

from datetime import datetime, timedelta

import csp
import pytest
from pydantic import ValidationError

from csp_gateway import Gateway
from csp_gateway.server.demo.omnibus import (
    ExampleData,
    ExampleEnum,
    ExampleGatewayChannels,
    ExampleModule,
    ExampleModuleFeedback,
)


def run(seconds: int, *channels: str) -> dict[str, list[tuple[int, object]]]:
    """What ticks on channels within some seconds of simulated time, by channel: the second and the value."""

    def watched(bus: ExampleGatewayChannels) -> None:
        for channel in channels:
            for key, edge in as_streams(bus.get_channel(channel)).items():
                csp.add_graph_output(f"{channel}{key}", edge)

    gateway = Gateway(modules=[ExampleModule(), ExampleModuleFeedback()], channels=ExampleGatewayChannels())
    ticks = csp.run(gateway.graph, watched, starttime=datetime(2024, 1, 1), endtime=timedelta(seconds=seconds))
    return {name: [(when.second, value) for when, value in series] for name, series in ticks.items()}


def as_streams(got: object) -> dict[str, object]:
    if isinstance(got, dict):
        return {f"/{key.name if isinstance(key, ExampleEnum) else key}": edge for key, edge in got.items()}
    return {"": got}


def test_it_counts_on_every_channel_and_every_tenth_record_comes_twice() -> None:
    ticks = run(10, "example", "example_list", "never_ticks", "basket", "str_basket")
    assert [(when, value.x) for when, value in ticks["example"]] == [*((n, n) for n in range(1, 11)), (10, 10)]
    assert [value.z for _, value in ticks["example"]] == [*[""] * 10, "echo"]
    assert [[each.x for each in value] for _, value in ticks["example_list"]][:3] == [[1], [2], [3]]
    assert ticks["never_ticks"] == []
    assert [value.x for _, value in ticks["basket/C"]][:3] == [3, 6, 9]
    assert [value.y for _, value in ticks["str_basket/b"]][:2] == ["222", "444"]


def test_a_record_is_whole_and_is_checked() -> None:
    [*_, (_, last)] = run(2, "example")["example"]
    assert (last.internal_csp_struct.z, last.mapping, len(last.data), last.d) == (12, {"x": 2}, 10, last.dt.date())
    with pytest.raises(ValidationError, match=r"value must be non-negative\."):
        ExampleData.model_validate({"x": -1})
