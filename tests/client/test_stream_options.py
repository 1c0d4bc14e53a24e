import pytest

from csp_gateway.client.stream_options import StreamOptions


def test_it_is_patient_and_bounded_by_default() -> None:
    options = StreamOptions()
    assert (options.connection_timeout, options.backoff) == (60.0, (0.5, 5.0))
    assert options.most_messages < options.most_bytes
    with pytest.raises(AttributeError):
        options.path = "other"  # type: ignore[misc]
