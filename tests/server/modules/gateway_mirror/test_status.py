"""MirrorStatus."""

from csp_gateway import MirrorStatus


def test_it_is_a_record_like_any_other() -> None:
    status = MirrorStatus(gateway="http://there:8000", connected=False, state="lost", why="gone", gaps=1)
    read = MirrorStatus.model_validate_json(status.model_dump_json())
    assert (read.id, read.state, read.gaps) == (status.id, "lost", 1)
