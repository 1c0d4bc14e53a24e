"""The id of an event says where each channel has got to, and can be read again."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csp_gateway.errors import FrameError
from csp_gateway.server.web.live.places import Places

NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,20}", fullmatch=True)


@given(st.dictionaries(NAMES, st.integers(0, 10**17), max_size=5))
def test_what_is_written_can_be_read(offsets: dict[str, int]) -> None:
    places = Places("1f3c", offsets)
    assert Places.read(str(places)) == places


@pytest.mark.parametrize(
    "text", ["", "7", "1f:a", "1f:a=", "1f:a=-1", "1f:a=1,b", ":a=1", "x y:a=1", "1f:a=" + "9" * 30]
)
def test_what_is_no_id_of_ours_is_refused(text: str) -> None:
    with pytest.raises(FrameError, match="epoch:channel=offset"):
        Places.read(text)


@given(st.text())
def test_no_text_does_harm(text: str) -> None:
    with suppress(FrameError):
        Places.read(text)
