"""Timings: how often something took how long, as a histogram for Prometheus."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

from prometheus_client.core import HistogramMetricFamily

__all__ = ["Series", "Timings"]

_BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Series:
    """The observations of one combination of labels."""

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(_BOUNDS) + 1)
        self.seconds = 0.0

    def observe(self, seconds: float) -> None:
        """It took so long."""
        self.counts[bisect_left(_BOUNDS, seconds)] += 1
        self.seconds += seconds


class Timings:
    """A histogram that one thread observes, and any thread may read.

    The library's own takes two locks and the look-up of a child for every observation, which is five times the time.

    Args:
        name: of the metric, without its unit.
        documentation: what it says.
        labels: names of the labels; few values of each, for every combination is kept.
    """

    def __init__(self, name: str, documentation: str, labels: Sequence[str] = ()) -> None:
        self._name = name
        self._documentation = documentation
        self._labels = labels
        self._series: dict[tuple[str, ...], Series] = {}

    def series(self, *labels: str) -> Series:
        """The observations with these labels, to be added to."""
        found = self._series.get(labels)
        if found is None:
            found = self._series[labels] = Series()
        return found

    def family(self) -> HistogramMetricFamily:
        """What was observed so far."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=self._labels, unit="seconds")
        bounds = [*map(str, _BOUNDS), "+Inf"]
        for labels, series in list(self._series.items()):
            buckets = list(zip(bounds, accumulate(series.counts), strict=True))
            family.add_metric(labels, buckets, sum_value=series.seconds)
        return family
