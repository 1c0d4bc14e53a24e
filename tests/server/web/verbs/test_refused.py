"""What is wrong with a body."""

import msgspec
import pytest

from csp_gateway.server.web.reply import invalid
from csp_gateway.server.web.verbs.refused import UNREADABLE, Refused, wrong


def test_it_can_be_answered() -> None:
    refused = Refused([wrong("enum", ("body", 3), "There is no such key", "x")], 7)
    assert (str(refused), refused.count) == ("1 errors", 7)
    assert invalid(refused.errors, refused.count).status_code == 422


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"\xff": 1}', b"[" * 100_000])
def test_what_cannot_be_read(body: bytes) -> None:
    with pytest.raises(UNREADABLE):
        msgspec.json.decode(body, type=dict[str, int])
