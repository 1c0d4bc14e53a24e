"""What is shown as an example can be sent."""

from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Annotated, Any, Dict, List, Literal, Optional, Tuple  # noqa: UP035  # csp reads typing.List

import csp
import pytest
from csp.typing import Numpy1DArray, NumpyNDArray
from pydantic import Field

from csp_gateway import GatewayStruct
from csp_gateway.server.demo.omnibus import ExampleData
from csp_gateway.server.structs import example_of


class Side(Enum):
    BUY = 1
    SELL = 2


class Venue(csp.Enum):
    NYSE = 7


class Leg(csp.Struct):
    ratio: float
    venue: str = "X"


class Order(GatewayStruct):
    symbol: str = Field(examples=["ACME"])
    short: Annotated[str, Field(max_length=2)]
    price: Annotated[float, Field(gt=100)]
    size: Annotated[int, Field(ge=5, le=9)]
    small: Annotated[int, Field(lt=1)]
    side: Side
    kind: Literal["LIMIT", "MARKET"]
    leg: Leg
    legs: List[Leg]  # noqa: UP006
    by_name: Dict[str, int]  # noqa: UP006
    by_side: Dict[Side, int]  # noqa: UP006
    by_venue: Dict[Venue, int]  # noqa: UP006
    cube: NumpyNDArray[float]
    pair: Tuple[int, str]  # noqa: UP006
    curve: Numpy1DArray[float]
    maybe: Optional[int]  # noqa: UP045
    due: date
    at: datetime
    noon: time
    wait: timedelta
    live: bool


class Strict(GatewayStruct, required=True):
    code: Annotated[str, Field(pattern="^[A-Z]{3}[0-9]$")]
    n: int


class Never(GatewayStruct):
    n: int


@Never.add_validator
def never(record: Any) -> Any:
    raise ValueError("never")


@pytest.mark.parametrize("cls", [Order, ExampleData, Leg])
def test_an_example_is_accepted(cls: Any) -> None:
    if cls is Leg:
        cls = Never
        Never.clear_validators()
    example = example_of(cls)
    assert cls.model_validate(example)
    assert set(example) == set(cls.model_fields) - {"id", "timestamp"}
    assert cls.lookup("example") is None


def test_it_is_what_the_declaration_says() -> None:
    example = example_of(Order)
    assert (example["symbol"], example["short"], example["side"], example["kind"]) == ("ACME", "te", 1, "LIMIT")
    assert (example["price"], example["size"], example["small"]) == (101, 5, 0)
    assert example["leg"] == {"ratio": 1.5, "venue": "X"} == example["legs"][0]
    assert (example["pair"], example["by_name"], example["curve"]) == ([1, "text"], {"key": 1}, [1.5])
    assert (example["by_side"], example["by_venue"], example["cube"]) == ({"1": 1}, {"NYSE": 1}, [1.5])
    assert example_of(ExampleData)["x"] == 1


def test_a_field_that_no_example_fits_is_left_out() -> None:
    assert example_of(Strict) == {}  # without its code it is not accepted either
