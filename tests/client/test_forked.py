from csp_gateway.client.forked import Origin
from tests.client.forking import forks, in_child


@forks
def test_it_tells_the_child_from_its_parent() -> None:
    origin = Origin()
    assert in_child(lambda: (origin.is_elsewhere, Origin().is_elsewhere)) == "(True, False)"
    assert not origin.is_elsewhere
