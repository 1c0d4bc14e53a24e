"""A message to a gateway as it travels."""

import json

import msgspec

from csp_gateway.client.saying import spelled


def test_what_is_as_if_it_had_not_been_said_is_left_out() -> None:
    said = {"id": 7, "channel": "c", "key": None, "snapshot": False, "since": 0, "where": msgspec.Raw(b"")}
    assert json.loads(spelled("subscribe", 3, said)) == {"action": "subscribe", "id": 3, "channel": "c", "since": 0}
    kept = spelled("send", 4, {"channel": "c", "where": msgspec.Raw(b"[1]"), "data": msgspec.Raw(b"{}")})
    assert json.loads(kept) == {"action": "send", "id": 4, "channel": "c", "where": [1], "data": {}}
