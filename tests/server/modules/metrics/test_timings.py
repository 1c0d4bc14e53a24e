"""How often something took how long."""

from csp_gateway.server.modules.metrics.timings import Timings


def test_it_is_a_histogram_as_prometheus_has_it() -> None:
    timings = Timings("work", "Some work.", ("kind",))
    for seconds in (0.0001, 0.0005, 0.3, 99):
        timings.series("a").observe(seconds)
    timings.series("b").observe(2)
    family = timings.family()
    assert (family.name, family.type, family.unit) == ("work_seconds", "histogram", "seconds")
    read = {(each.name, each.labels["kind"], each.labels.get("le")): each.value for each in family.samples}
    assert read["work_seconds_bucket", "a", "0.0005"] == 2  # the bound belongs to its bucket
    assert read["work_seconds_bucket", "a", "0.25"] == 2
    assert read["work_seconds_bucket", "a", "0.5"] == 3
    assert read["work_seconds_bucket", "a", "10.0"] == 3
    assert read["work_seconds_bucket", "a", "+Inf"] == read["work_seconds_count", "a", None] == 4
    assert read["work_seconds_sum", "a", None] == 99.3006
    assert read["work_seconds_count", "b", None] == 1
