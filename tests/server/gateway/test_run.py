"""One run of a gateway: another is a new one. Its ways to end are tested in test_gateway.py and test_opening.py."""

from datetime import timedelta

from csp_gateway import Gateway


def test_each_start_has_its_own() -> None:
    gateway = Gateway()
    assert gateway.health.reason == "stopped"
    runs = []
    for _ in range(2):
        gateway.start(endtime=timedelta(milliseconds=10))
        runs.append(gateway._run)
    assert [run.over for run in runs] == [True, True]
    assert runs[0] is not runs[1]
    assert gateway.health.reason == "stopped"
