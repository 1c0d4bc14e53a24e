"""Every feature once, in one application: what the documentation shows, and what the API is tested with."""

# A node's signature is csp's own language: type variables in quotes, no return type.
# mypy: disable-error-code="untyped-decorator,no-untyped-def"

from datetime import date, datetime, timedelta
from enum import Enum
from typing import Annotated, Any, Dict, List  # noqa: UP035  # csp reads typing.List

import csp
import numpy as np
from csp import ts
from csp.typing import Numpy1DArray
from pydantic import AfterValidator, Field

from csp_gateway.server.channels import GatewayChannels, Stage
from csp_gateway.server.module import GatewayModule
from csp_gateway.server.state import State
from csp_gateway.server.structs import Controls, GatewayStruct

__all__ = [
    "ExampleCspStruct",
    "ExampleData",
    "ExampleEnum",
    "ExampleGatewayChannels",
    "ExampleModule",
    "ExampleModuleFeedback",
]


class ExampleEnum(Enum):
    """The keys of a basket."""

    A = 1
    B = 2
    C = 3


class ExampleCspStruct(csp.Struct):  # type: ignore[misc]  # csp is untyped
    """A part of a record."""

    z: int = 12


def _not_negative(value: int) -> int:
    if value < 0:
        raise ValueError("value must be non-negative.")
    return value


class ExampleData(GatewayStruct):
    """A record with a field of every usual sort."""

    x: Annotated[int, AfterValidator(_not_negative), Field(json_schema_extra={"minimum": 0})]
    y: str = ""
    z: str = ""
    internal_csp_struct: ExampleCspStruct = ExampleCspStruct()
    data: Numpy1DArray[float] = np.array([])
    mapping: Dict[str, int] = {}  # noqa: UP006
    dt: datetime
    d: date


class ExampleGatewayChannels(GatewayChannels):
    """A channel of every kind."""

    metadata: dict[str, str] = {"name": "Demo"}
    example: Annotated[ts[ExampleData], Stage()] = None
    example_list: ts[List[ExampleData]] = None  # noqa: UP006
    never_ticks: ts[ExampleData] = None
    example_with_state: Annotated[ts[ExampleData], State(("id", "x"))] = None
    example_with_state_multiple: Annotated[
        ts[ExampleData], State(("id", "x")), State(("id", "y"), alias="example_with_state_alternative")
    ] = None
    basket: dict[ExampleEnum, ts[ExampleData]] = None  # type: ignore[assignment]  # as everywhere: set by a module
    str_basket: dict[str, ts[ExampleData]] = None  # type: ignore[assignment]
    example_with_stage: Annotated[ts[ExampleData], Stage()] = None
    controls: ts[Controls] = None

    def dynamic_keys(self) -> dict[str, Any]:
        """The keys of the basket of texts."""
        return {"str_basket": ["a", "b", "c"]}


class ExampleModule(GatewayModule):
    """Counts on every channel at once."""

    interval: timedelta = timedelta(seconds=1)

    @csp.node
    def subscribe(self, trigger: ts[bool], multiplier: int = 1) -> ts[ExampleData]:
        """1, 2, 3, … at every trigger, times ``multiplier``."""
        with csp.state():
            s_last = 0
            s_random = np.random.default_rng(multiplier)
        if csp.ticked(trigger):
            s_last += 1
            x = s_last * multiplier
            return ExampleData(
                x=x,
                y=str(x) * 3,
                data=s_random.random(10),
                mapping={"x": x},
                dt=csp.now(),
                d=csp.now().date(),
            )

    def connect(self, channels: ExampleGatewayChannels) -> None:
        """Set the channels; others may send to some as well."""
        trigger = csp.timer(interval=self.interval, value=True)
        data = self.subscribe(trigger)
        for field in ("example", "example_with_state", "example_with_state_multiple", "example_with_stage"):
            channels.set_channel(field, data)
        channels.set_channel("example_list", csp.apply(data, lambda record: [record], List[ExampleData]))  # noqa: UP006
        channels.set_channel("never_ticks", csp.null_ts(ExampleData))
        channels.set_channel("basket", {key: self.subscribe(trigger, key.value) for key in ExampleEnum})
        channels.set_channel("str_basket", {key: self.subscribe(trigger, n) for n, key in enumerate("abc", start=1)})
        channels.set_state("example", "id")
        for field in ("example", "example_list", "basket", "str_basket"):
            channels.add_send_channel(field)


class ExampleModuleFeedback(GatewayModule):
    """Reads a channel that it also sets: what it adds comes back to it, and is passed over."""

    @csp.node
    def echo(self, record: ts[ExampleData]) -> ts[ExampleData]:
        """Every tenth record once more."""
        if csp.ticked(record) and record.z != "echo" and hasattr(record, "x") and record.x % 10 == 0:
            return ExampleData(x=record.x, y=record.y, z="echo")

    def connect(self, channels: ExampleGatewayChannels) -> None:
        """Get the channel, and set it."""
        channels.set_channel("example", self.echo(channels.get_channel("example")))
