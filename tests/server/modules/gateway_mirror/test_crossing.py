"""What a listener pushes, as edges."""

from datetime import datetime, timedelta
from typing import Any

import csp

from csp_gateway.server.channels.kinds import declaration_of
from csp_gateway.server.modules.gateway_mirror.crossing import STATUS, edges_of
from csp_gateway.server.modules.gateway_mirror.status import MirrorStatus
from tests.client.sources import Ch, Quote

START = datetime(2026, 1, 1)


class Pushed:
    """A link of which all is known."""

    def __init__(self, *items: Any) -> None:
        self._items = items
        self.came = 0

    @property
    def edge(self) -> Any:
        return csp.curve(object, [(timedelta(seconds=each), item) for each, item in enumerate(self._items)])

    def arrived(self, items: list[Any]) -> None:
        self.came += len(items)


def test_each_channel_has_its_edge_and_each_key_of_a_basket() -> None:
    a, b, c, d = (Quote(n=n) for n in range(4))
    status = MirrorStatus(connected=True)
    link = Pushed(
        ("quotes", a), ("listed", [a, b]), ("by_desk", {"EU": c, "US": d}), ("places", {1: a}), (STATUS, status)
    )

    def graph() -> None:
        keys: dict[str, list[Any]] = {"by_desk": ["EU", "US"], "places": [0, 1]}
        edges = edges_of(link, {field: (Ch.declared[field], keys.get(field, [])) for field in Ch.declared})  # type: ignore[arg-type]
        assert edges.fed["quotes"].tstype.typ is Quote
        csp.add_graph_output("quotes", edges.fed["quotes"])
        csp.add_graph_output("listed", edges.fed["listed"])
        csp.add_graph_output("EU", edges.fed["by_desk"]["EU"])
        csp.add_graph_output("US", edges.fed["by_desk"]["US"])
        csp.add_graph_output("1", edges.fed["places"][1])
        csp.add_graph_output("status", edges.status)

    ran = csp.run(graph, starttime=START, endtime=timedelta(minutes=1))
    told = {name: [value for _, value in ticks] for name, ticks in ran.items()}
    assert told == {"quotes": [a], "listed": [[a, b]], "EU": [c], "US": [d], "1": [a], "status": [status]}
    assert link.came == 5


def test_a_basket_without_keys_is_fed_by_nobody() -> None:
    def graph() -> None:
        declaration = declaration_of("Ch", "by_desk", dict[str, csp.ts[Quote]])
        assert declaration is not None
        assert edges_of(Pushed(), {"by_desk": (declaration, [])}).fed == {}  # type: ignore[arg-type]

    csp.run(graph, starttime=START, endtime=timedelta(minutes=1))
