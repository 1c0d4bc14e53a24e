"""A close code says whether it helps to come back."""

from csp_gateway.wire.closing import Closing


def test_codes_are_of_two_classes() -> None:
    assert {code.name for code in Closing if code.come_back} == {"STOPPING", "ENGINE_ENDED", "SLOW"}
    assert {code.name for code in Closing if not code.come_back} == {"REMOVED", "TOO_MANY"}


def test_codes_are_those_that_applications_may_use_and_stay_as_they_are() -> None:
    assert {code.name: int(code) for code in Closing} == {
        "STOPPING": 3001,
        "ENGINE_ENDED": 3003,
        "SLOW": 3008,
        "REMOVED": 3501,
        "TOO_MANY": 3502,
    }
