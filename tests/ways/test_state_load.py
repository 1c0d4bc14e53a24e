"""Sixty-four clients ask a state of everything, over HTTP and in Python, while the engine inserts: no answer is torn.

Four seconds by default; ``CSP_GATEWAY_STRESS_SECONDS=20`` says how long instead. ``--log-cli-level=info`` tells more.
"""

import gc
import http.client
import io
import json
import logging
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, List  # noqa: UP035  # csp reads typing.List
from urllib.parse import urlencode, urlsplit

import pyarrow as pa
import pytest
from csp import ts

from csp_gateway import Gateway, GatewayChannels, GatewayModule, GatewayStruct, MountRestRoutes, State
from csp_gateway.testing import serving_gateway

_log = logging.getLogger(__name__)

SECONDS = float(os.environ.get("CSP_GATEWAY_STRESS_SECONDS", "4"))
PATIENCE = 60.0
"""Seconds until an answer counts as lost."""
CLIENTS = 64
IN_PYTHON = 16
"""Clients that ask in Python; the others ask over HTTP."""
KEYS = 20_000
GROUPS = 100
SIZE = KEYS // GROUPS
"""Records of a group, which are inserted together, and then share one number."""
MOST_THREADS = 24
"""Of the gateway: its engine, its server and the one it runs on, two pools of two, DuckDB's and a watch."""
MOST_MEMORY = 200 << 20
"""Bytes that the process may grow by, however long it takes: JSON that is kept, DuckDB's tables, the clients."""
MOST_GROWTH = 40 << 20
"""Bytes a minute that it may grow by in the second half of a minute: what is kept has been filled then."""


class Record(GatewayStruct):
    n: int
    group: int
    version: int
    half: float
    text: str = "some text"


class Ch(GatewayChannels):
    records: Annotated[ts[List[Record]], State("n")] = None  # noqa: UP006
    sums: Annotated[ts[Record], State("group")] = None


class Doors(GatewayModule):
    def connect(self, channels: Ch) -> None:
        channels.add_send_channel(Ch.records)
        channels.add_send_channel(Ch.sums)


def batch(group: int, version: int) -> list[Record]:
    return [Record(n=group * SIZE + index, group=group, version=version, half=version / 2) for index in range(SIZE)]


class Client:
    """Asks until told to end, each answer held against what may be; what it was answered is counted."""

    def __init__(self, seed: int) -> None:
        self.drawn = random.Random(seed)
        self.answers: Counter[str] = Counter()
        self.slowest = 0.0
        self.failure: BaseException | None = None

    def run(self, end: threading.Event) -> None:
        questions = [
            *(self.one_group, self.one_group, self.every_group, self.ordered, self.page, self.select, self.select_all),
            *(self.joined, self.counted),
        ]
        try:
            while not end.is_set():
                question = self.drawn.choice(questions) if self.drawn.random() > 0.02 else self.everything
                begun = time.monotonic()
                question()
                self.slowest = max(self.slowest, time.monotonic() - begun)
                self.answers[question.__name__] += 1
        except BaseException as failure:
            self.failure = failure
        finally:
            self.close()

    def close(self) -> None:
        """It asks no more."""

    def query(self, **query: Any) -> list[Any]:
        raise NotImplementedError

    def whole(self) -> Iterator[tuple[int, int, int]]:
        """``(n, group, version)`` of every record."""
        raise NotImplementedError

    def sql(self, select: str, parameters: Any = None) -> list[dict[str, Any]]:
        raise NotImplementedError

    # The questions.

    def one_group(self) -> None:
        group = self.drawn.randrange(GROUPS)
        filters = [{"attr": "group", "by": {"value": group}}]
        rows = self.query(filters=filters, select=["n", "version", "half"])
        assert [row["n"] for row in rows] == list(range(group * SIZE, (group + 1) * SIZE))
        assert len({row["version"] for row in rows}) == 1, "a torn group"
        assert all(row["half"] == row["version"] / 2 for row in rows)

    def every_group(self) -> None:
        aggregates = {"least": {"min": "version"}, "most": {"max": "version"}, "n": {"count": "*"}}
        self.held(self.query(group_by=["group"], aggregates=aggregates))

    def ordered(self) -> None:
        order = [{"attr": "version", "descending": True}, "group"]
        rows = self.query(order_by=order, limit=3 * SIZE, select=["group", "version"])
        places = [(-row["version"], row["group"]) for row in rows]
        assert places == sorted(places)
        assert set(Counter(places).values()) == {SIZE}, "a torn group"

    def page(self) -> None:
        first = self.drawn.randrange(GROUPS - 1) * SIZE
        between = [{"attr": "n", "by": {"between": [first, first + 2 * SIZE - 1]}}]
        rows = self.query(filters=between, select=["n", "version"], limit=SIZE, offset=SIZE)
        assert [row["n"] for row in rows] == list(range(first + SIZE, first + 2 * SIZE))
        assert len({row["version"] for row in rows}) == 1, "a torn group"

    def counted(self) -> None:
        ((row),) = self.query(aggregates={"n": {"count": "*"}})
        assert row == {"n": KEYS}

    def everything(self) -> None:
        versions: dict[int, set[int]] = {}
        numbers = []
        for n, group, version in self.whole():
            numbers.append(n)
            versions.setdefault(group, set()).add(version)
        assert numbers == list(range(KEYS))
        assert {len(each) for each in versions.values()} == {1}, "a torn group"

    def select(self) -> None:
        group = self.drawn.randrange(GROUPS)
        rows = self.sql('select distinct version from records where "group" = $group', {"group": group})
        assert len(rows) == 1, "a torn group"

    def select_all(self) -> None:
        aggregates = "min(version) as least, max(version) as most, count(*) as n"
        self.held(self.sql(f'select "group", {aggregates} from records group by 1'))

    def joined(self) -> None:
        """Two channels, one of which is at rest."""
        low = self.drawn.randrange(GROUPS)
        rows = self.sql(
            'select count(*) as n from records r join sums s using ("group") where r."group" >= ? and r.n % ? = 0',
            [low, SIZE],
        )
        assert rows == [{"n": GROUPS - low}]

    def held(self, groups: list[dict[str, Any]]) -> None:
        assert sorted(row["group"] for row in groups) == list(range(GROUPS))
        assert all((row["least"], row["n"]) == (row["most"], SIZE) for row in groups), "a torn group"


class InPython(Client):
    def __init__(self, seed: int, channels: Ch) -> None:
        super().__init__(seed)
        self.channels = channels

    def query(self, **query: Any) -> list[Any]:
        return self.channels.query("records", query=query)

    def whole(self) -> Iterator[tuple[int, int, int]]:
        return ((each.n, each.group, each.version) for each in self.channels.query("records"))

    def sql(self, select: str, parameters: Any = None) -> list[dict[str, Any]]:
        return self.channels.sql(select, parameters).to_pylist()  # type: ignore[no-any-return]


class OverHttp(Client):
    def __init__(self, seed: int, url: str) -> None:
        super().__init__(seed)
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)

    def query(self, **query: Any) -> list[Any]:
        return json.loads(self.ask(f"/api/v1/state/records?{urlencode({'query': json.dumps(query)})}"))  # type: ignore[no-any-return]

    def whole(self) -> Iterator[tuple[int, int, int]]:
        arrow = "application/vnd.apache.arrow.stream"
        table = pa.ipc.open_stream(io.BytesIO(self.ask("/api/v1/state/records", accept=arrow))).read_all()
        return zip(*(table[name].to_pylist() for name in ("n", "group", "version")), strict=True)

    def sql(self, select: str, parameters: Any = None) -> list[dict[str, Any]]:
        return json.loads(self.ask("/api/v1/sql", {"sql": select, "parameters": parameters}))  # type: ignore[no-any-return]

    def close(self) -> None:
        self.connection.close()

    def ask(self, path: str, body: Any = None, accept: str = "application/json") -> bytes:
        headers = {"content-type": "application/json", "accept": accept}
        self.connection.request("GET" if body is None else "POST", path, body and json.dumps(body), headers)
        answer = self.connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content
        return content


class Inserts(threading.Thread):
    """Sends one group after the other, ever with a new number, and now and then all of them at once."""

    def __init__(self, channels: Ch, end: threading.Event) -> None:
        super().__init__(name="inserts", daemon=True)
        self.channels = channels
        self.end = end
        self.batches = 0
        self.failure: BaseException | None = None

    def run(self) -> None:
        drawn = random.Random(0)
        try:
            while not self.end.wait(0.005):
                version = self.batches = self.batches + 1
                if version % 50:
                    self.channels.send("records", batch(drawn.randrange(GROUPS), version))
                else:
                    self.channels.send("records", [each for group in range(GROUPS) for each in batch(group, version)])
                if version % 20 == 0:  # so that no more is sent than arrives
                    self.channels.state("records", timeout=PATIENCE)
        except BaseException as failure:
            self.failure = failure


class Measured(threading.Thread):
    """Looks at the process four times a second."""

    def __init__(self, end: threading.Event) -> None:
        super().__init__(name="measured", daemon=True)
        self.end = end
        self.threads: list[int] = []
        self.memory: list[tuple[float, int]] = []

    def run(self) -> None:
        while not self.end.wait(0.25):
            self.threads.append(threads())
            self.memory.append((time.monotonic(), resident()))

    def growth(self) -> float:
        """Bytes a minute, by least squares over the second half."""
        points = self.memory[len(self.memory) // 2 :]
        mean_at, mean = (sum(each) / len(points) for each in zip(*points, strict=True))
        spread = sum((at - mean_at) ** 2 for at, _ in points)
        return 60 * sum((at - mean_at) * (size - mean) for at, size in points) / spread


def threads() -> int:
    """Those of C++ included."""
    return len(list(Path("/proc/self/task").iterdir()))


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def came_true(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads and memory are read from /proc")
@pytest.mark.timeout(SECONDS + 3 * PATIENCE)
def test_every_answer_is_of_one_moment_and_nothing_grows() -> None:
    before, before_with_cpp = set(threading.enumerate()), threads()
    gateway = Gateway(channels=Ch(), modules=[Doors(), MountRestRoutes()], settings={"SQL_SECONDS": PATIENCE})
    end = threading.Event()
    with serving_gateway(gateway) as url:
        channels = gateway.channels
        channels.send("records", [each for group in range(GROUPS) for each in batch(group, 0)])
        for group in range(GROUPS):
            channels.send("sums", batch(group, 0)[0])
        assert len(channels.query("records")) == KEYS
        clients = [InPython(seed, channels) if seed < IN_PYTHON else OverHttp(seed, url) for seed in range(CLIENTS)]
        running = [
            threading.Thread(target=client.run, args=(end,), name=f"client-{seed}", daemon=True)
            for seed, client in enumerate(clients)
        ]
        inserts, measured = Inserts(channels, end), Measured(end)
        for thread in (*running, inserts, measured):
            thread.start()
        end.wait(SECONDS)
        end.set()
        for thread in (*running, inserts, measured):
            thread.join(PATIENCE)
        assert not [thread.name for thread in running if thread.is_alive()], "an answer never came"
        told = channels.statistics()
    tell(clients, inserts, measured)
    assert [client.failure for client in (*clients, inserts) if client.failure is not None] == []
    assert told["queries"] == told["sql"] == {"open": 0, "refused": 0}
    assert told["states"]["records"]["duckdb"]["fell_back"] == 0
    answers = sum((client.answers for client in clients), Counter[str]())
    assert {"one_group", "every_group", "ordered", "page", "counted", "select", "select_all", "joined"} <= set(answers)
    assert max(measured.threads) <= CLIENTS + 2 + before_with_cpp + MOST_THREADS
    assert measured.memory[-1][1] - measured.memory[0][1] < MOST_MEMORY
    if SECONDS >= 60:
        assert measured.growth() < MOST_GROWTH
    gc.collect()
    assert came_true(lambda: {each.name for each in set(threading.enumerate()) - before} <= set())


def tell(clients: list[Any], inserts: Inserts, measured: Measured) -> None:
    answers = sum((client.answers for client in clients), Counter[str]())
    slowest = max(client.slowest for client in clients)
    _log.info("%d answers, the slowest in %.2f s, %d batches; %s", answers.total(), slowest, inserts.batches, answers)
    _log.info("at most %d threads; growth %.1f MiB a minute", max(measured.threads), measured.growth() / 2**20)
    _log.info("resident MiB, every 2 s: %s", [size >> 20 for _, size in measured.memory[::8]])
