"""Figures: what the parts of a gateway tell of themselves, as metrics for Prometheus."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any, get_args

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from csp_gateway.errors import NoProviderException
from csp_gateway.server.modules.metrics.cycles import Cycles
from csp_gateway.server.modules.metrics.observed import Observed
from csp_gateway.server.structs import GatewayStruct

if TYPE_CHECKING:
    from csp_gateway.server.gateway import Gateway

__all__ = ["Figures"]

_ENGINE = ("starting", "running", "lagging", "stalled", "stopped", "failed")
_MOST_OF_A_MODULE = 500
"""Figures of one module that are shown."""


class Figures(Collector):
    """Reads what is counted anyway, when it is asked: between two scrapes it costs nothing.

    Args:
        gateway: whose figures.
        observed: what times its requests.
        cycles: what times its engine.
        web: what its web side tells of itself.
    """

    def __init__(
        self, gateway: Gateway, observed: Observed, cycles: Cycles, web: Callable[[], Mapping[str, Any]]
    ) -> None:
        self._gateway = gateway
        self._observed = observed
        self._cycles = cycles
        self._told_of_web = web

    def collect(self) -> Iterator[Metric]:
        """All metrics; from any thread. Some ask DuckDB."""
        told = self._gateway.channels.statistics()
        yield from self._health()
        yield from self._ticks()
        yield from _channels(told)
        yield from _states(told)
        yield from _questions(told)
        yield from self._lookups()
        yield from self._web()
        web = self._told_of_web()
        yield from _requests(web)
        yield from _live(web["live"])
        yield from self._modules()

    def _health(self) -> Iterator[Metric]:
        condition = self._gateway.health
        yield _gauge("ready", "Whether requests should come here.", float(condition.ready))
        state = GaugeMetricFamily(
            "csp_gateway_engine_state", "1 of what the engine is, 0 of the rest.", None, ["state"]
        )
        for each in _ENGINE:
            state.add_metric([each], float(each == condition.engine))
        yield state
        if condition.lag_seconds is not None and condition.heartbeat_age_seconds is not None:
            yield _gauge("engine_lag_seconds", "How far engine time was behind the clock.", condition.lag_seconds)
            age = condition.heartbeat_age_seconds
            yield _gauge("engine_heartbeat_age_seconds", "How long ago the engine last said so.", age)
            yield self._cycles.late.family()  # as lag, it means nothing in simulated time
        yield self._cycles.taken.family()

    def _ticks(self) -> Iterator[Metric]:
        ticks = _Family(CounterMetricFamily, "channel_ticks", "Ticks of a channel that is exposed.", "channel")
        newest = _Family(
            GaugeMetricFamily, "channel_newest_tick_timestamp_seconds", "Engine time of its newest tick.", "channel"
        )
        waited = _Family(GaugeMetricFamily, "channel_waited_for", "Whether anybody waits for a tick.", "channel")
        for field in self._gateway.channels.declared:
            try:
                cell = self._gateway.channels.outside.cell(field)
            except NoProviderException:
                continue
            if cell.history is not None:
                ticks.add(cell.history.statistics()["next"], field)
                for tick in cell.history.since(limit=1).ticks:
                    newest.add(tick.time.replace(tzinfo=UTC).timestamp(), field)
            if cell.awake:
                waited.add(cell.waited_for, field)
        yield from (ticks.family, newest.family, waited.family)

    def _lookups(self) -> Iterator[Metric]:
        kept = _Family(GaugeMetricFamily, "lookup_kept", "Structs kept to be looked up.", "struct")
        dropped = _Family(CounterMetricFamily, "lookup_dropped", "Structs that made room for newer ones.", "struct")
        # A tick is a struct, or a list of them.
        ticks = [each.ticks for each in self._gateway.channels.declared.values()]
        carried = [part for each in ticks for part in (each, *get_args(each))]
        structs = {each for each in carried if isinstance(each, type) and issubclass(each, GatewayStruct)}
        for struct in sorted(structs, key=lambda each: f"{each.__module__}.{each.__qualname__}"):
            told, name = struct.lookup_statistics(), f"{struct.__module__}.{struct.__qualname__}"
            kept.add(told.kept, name)
            dropped.add(told.dropped, name)
        yield from (kept.family, dropped.family)

    def _web(self) -> Iterator[Metric]:
        yield self._observed.requests.family()
        yield _gauge("requests_in_progress", "Requests that are not answered yet.", self._observed.in_progress)
        yield self._observed.loop.family()
        yield _gauge("threads", "Threads of Python in this process.", threading.active_count())

    def _modules(self) -> Iterator[Metric]:
        made = _Family(GaugeMetricFamily, "module_figure", "What a module tells of itself.", "module", "figure")
        for module in self._gateway.enabled_modules:
            tells = getattr(module, "statistics", None)
            if callable(tells):
                for path, value in list(_flat(tells()))[:_MOST_OF_A_MODULE]:
                    made.add(value, type(module).__name__, path)
        yield made.family


def _channels(told: Mapping[str, Any]) -> Iterator[Metric]:
    sends = told["sends"]
    yield _counter("sends", "Values sent to a channel.", "channel", sends, "sent")
    yield _counter("sends_refused", "Values refused because too many waited.", "channel", sends, "refused")
    yield _each("sends_waiting", "Values sent that wait for the engine.", "channel", sends, "waiting")
    kept = told["history"]
    yield _each("history_kept", "Ticks kept of a channel.", "channel", kept, "kept")
    yield _each("history_bytes", "Memory they hold, by an estimate.", "channel", kept, "bytes")
    let_go = {field: each["dropped"] for field, each in kept.items()}
    yield _by_reason("history_dropped", "Ticks that went, by the limit that was reached.", "channel", let_go)
    stages = told["stages"]
    yield _each("stage_stagings", "Stagings that are open.", "channel", stages, "stagings")
    yield _each("stage_records", "Records held back.", "channel", stages, "records")
    yield _each("stage_pending", "Steps that wait for the engine.", "channel", stages, "pending")
    for name, what in (
        ("refused", "Steps refused"),
        ("missed", "Events missed"),
        ("listener_errors", "Listeners failed"),
    ):
        yield _counter(f"stage_{name}", f"{what} on a staged channel.", "channel", stages, name)


def _states(told: Mapping[str, Any]) -> Iterator[Metric]:
    states = told["states"]
    yield _each("state_rows", "Records in a state.", "state", states, "rows")
    gone = {
        name: {reason: each[reason] for reason in ("dropped", "expired", "removed") if reason in each}
        for name, each in states.items()
    }
    yield _by_reason("state_removed", "Records that went: for room, for age, or by a tombstone.", "state", gone)
    database = told["duckdb"]
    yield _gauge("duckdb_memory_bytes", "Memory that DuckDB has.", database["memory"])
    yield _gauge("duckdb_memory_limit_bytes", "Memory that it may take.", database["memory_limit"])
    yield _gauge("duckdb_tables", "Tables it holds.", database["tables"])


def _questions(told: Mapping[str, Any]) -> Iterator[Metric]:
    by_kind = {kind: told[kind] for kind in ("queries", "sql")}
    yield _each("questions_open", "Questions asked of states that wait for their answers.", "kind", by_kind, "open")
    yield _counter("questions_refused", "Questions refused because too many waited.", "kind", by_kind, "refused")


def _requests(told: Mapping[str, Any]) -> Iterator[Metric]:
    requests = told["requests"]
    yield _gauge("requests_waiting", "Requests that wait for the coming tick of a channel.", requests["waiting"])
    late = _Family(CounterMetricFamily, "requests_timed_out", "Requests not answered within their deadline.")
    late.add(requests["timed_out"])
    yield late.family
    work = told["workers"]
    yield _gauge("work_open", "What is to be done on the web side's threads.", work["open"])
    for name, what in (("done", "Done"), ("refused", "Refused because too much was to be done")):
        counted = _Family(CounterMetricFamily, f"work_{name}", f"{what} on the web side's threads.")
        counted.add(work[name])
        yield counted.family
    refused = _Family(CounterMetricFamily, "requests_refused", "Requests refused because of too many.", "reason")
    for reason, count in requests["refused"].items():
        refused.add(count, reason)
    yield refused.family
    kept = told["idempotency"]
    yield _gauge("idempotent_replies_kept", "Answers kept for who tries again.", kept["kept"])
    yield _gauge("idempotent_replies_bytes", "Memory they hold.", kept["bytes"])
    outcomes = _Family(
        CounterMetricFamily,
        "idempotent_replies",
        "Answers given again, requests refused for their key, and answers that went, for room or for age.",
        "outcome",
    )
    for outcome in ("replayed", "refused", "dropped"):
        outcomes.add(kept[outcome], outcome)
    yield outcomes.family


def _live(told: Mapping[str, Any]) -> Iterator[Metric]:
    yield _gauge("live_clients", "Clients that follow channels, over WebSockets or as events.", told["clients"])
    yield _gauge("live_clients_full", "Those that do not read what is written for them.", told["full"])
    yield _gauge("live_waiting_bytes", "Bytes written for clients that are not sent yet.", told["waiting_bytes"])
    for name, what in (
        ("came", "Clients that have come"),
        ("left", "Clients that have left"),
        ("turned_away", "Clients turned away because of too many"),
        ("failed", "Times that what ticked could not be told"),
    ):
        counted = _Family(CounterMetricFamily, f"live_{name}", f"{what}.")
        counted.add(told[name])
        yield counted.family
    untold = _Family(
        CounterMetricFamily, "live_untold", "Ticks a client was not told: lost to it, or replaced by newer.", "outcome"
    )
    for outcome in ("dropped", "skipped"):
        untold.add(told[outcome], outcome)
    yield untold.family
    feeds = told["feeds"]
    yield _each("live_followers", "Clients that follow a channel.", "channel", feeds, "followers")
    yield _each("live_followers_alone", "Those of them that are told by themselves.", "channel", feeds, "alone")
    yield _counter("live_lost", "Ticks that went before anybody was told.", "channel", feeds, "lost")


class _Family:
    """One metric with labels, filled bit by bit."""

    def __init__(self, form: type[Any], name: str, documentation: str, *labels: str) -> None:
        self.family: Any = form(f"csp_gateway_{name}", documentation, labels=labels)

    def add(self, value: float, *labels: str) -> None:
        self.family.add_metric(labels, float(value))


def _gauge(name: str, documentation: str, value: float) -> Metric:
    return GaugeMetricFamily(f"csp_gateway_{name}", documentation, value)


def _each(name: str, documentation: str, label: str, told: Mapping[str, Any], key: str) -> Metric:
    return _of_each(GaugeMetricFamily, name, documentation, label, told, key)


def _counter(name: str, documentation: str, label: str, told: Mapping[str, Any], key: str) -> Metric:
    return _of_each(CounterMetricFamily, name, documentation, label, told, key)


def _of_each(form: type[Any], name: str, documentation: str, label: str, told: Mapping[str, Any], key: str) -> Metric:
    made = _Family(form, name, documentation, label)
    for of, figures in told.items():
        made.add(figures[key], of)
    family: Metric = made.family
    return family


def _by_reason(name: str, documentation: str, label: str, told: Mapping[str, Mapping[str, float]]) -> Metric:
    made = _Family(CounterMetricFamily, name, documentation, label, "reason")
    for of, reasons in told.items():
        for reason, count in reasons.items():
            made.add(count, of, reason)
    family: Metric = made.family
    return family


def _flat(told: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """The numbers in nested dicts, each with the keys that lead to it."""
    if isinstance(told, Mapping):
        for key, value in told.items():
            yield from _flat(value, f"{path}.{key}" if path else str(key))
    elif isinstance(told, int | float):
        yield path, float(told)
