"""Where live delivery is, and what there is to follow."""

from urllib.request import urlopen

import orjson
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.server.web.live.desk import Served


def test_what_can_be_followed_is_listed_with_the_heartbeat_last(desk: Served) -> None:
    for path in ("stream", "stream/"):
        with urlopen(f"{desk.url}/api/v1/{path}", timeout=10) as reply:
            listed = orjson.loads(reply.read())
        assert listed == ["legs", "legs/A", "legs/B", 'legs/C "d"', "many", "notes", "quotes", "heartbeat"]


def test_the_socket_is_there_and_nowhere_else(desk: Served) -> None:
    assert desk.talk().is_quiet()
    with pytest.raises(InvalidStatus, match="403"), connect(f"{desk.stream}s"):
        pass
