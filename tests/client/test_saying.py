"""A message to a gateway as it travels."""

import json

import msgspec
import numpy
import pytest

from csp_gateway.client.saying import spelled
from csp_gateway.errors import WrongArgumentError


def test_what_is_as_if_it_had_not_been_said_is_left_out() -> None:
    said = {"id": 7, "channel": "c", "key": None, "snapshot": False, "since": 0, "where": msgspec.Raw(b"")}
    assert json.loads(spelled("subscribe", 3, said)) == {"action": "subscribe", "id": 3, "channel": "c", "since": 0}
    kept = spelled("send", 4, {"channel": "c", "where": msgspec.Raw(b"[1]"), "data": msgspec.Raw(b"{}")})
    assert json.loads(kept) == {"action": "send", "id": 4, "channel": "c", "where": [1], "data": {}}


def test_numbers_of_numpy_are_numbers() -> None:
    said = {"channel": "c", "since": numpy.int64(5), "min_interval": numpy.float32(0.5)}
    assert json.loads(spelled("subscribe", 1, said)) == {"action": "subscribe", "id": 1, **said}


@pytest.mark.parametrize("value", [object(), "\ud800"], ids=["object", "surrogate"])
def test_what_cannot_be_said_is_refused(value: object) -> None:
    with pytest.raises(WrongArgumentError, match=r"^subscribe of channel 'c'"):
        spelled("subscribe", 1, {"channel": "c", "latest_by": value})
