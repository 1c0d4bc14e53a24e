"""What type checkers see of the client; it is checked, and not run."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, assert_type

import pandas
import polars
import pyarrow

from csp_gateway import (
    AsyncClient,
    AsyncGatewayClient,
    Client,
    ClientConfig,
    GatewayClient,
    GatewayClientConfig,
    Query,
    ResponseWrapper,
    ReturnType,
)
from csp_gateway.client.async_answers import AsyncAnswers
from csp_gateway.client.following import Message
from csp_gateway.client.sync_answers import SyncAnswers
from csp_gateway.client.sync_stream import SyncStream


def waited() -> None:
    client = GatewayClient(GatewayClientConfig(host="desk", port=None), return_type="wrapper")

    assert_type(client.config, GatewayClientConfig)
    assert_type(client.config.return_type, ReturnType)
    assert_type(client.config.url("last/a"), str)
    assert_type(client.openapi_spec, dict[str, Any])
    assert_type(client.channels(), dict[str, list[str]])
    assert_type(client.health(timeout=None), dict[str, Any])
    assert_type(client.clients(), list[dict[str, Any]])
    assert_type(client.stage_list("a"), dict[str, list[Any]])
    assert_type(client.stage_add("a", {"x": 1}, ["1"]), dict[str, list[Any]])
    assert_type(client.state("a", query=Query(limit=1)), ResponseWrapper)
    assert_type(client.remove_client("1"), None)
    assert_type(client.stream(["a", ("b", "KEY")]), SyncStream)
    assert_type(client.stream("a", print), None)
    assert_type(next(client.stream("a", snapshot="state", fields=["x"])), Message)
    assert_type(client.subscribe("a"), Mapping[str, Any])
    assert_type(client.unsubscribe("a"), bool)
    assert_type(client.publish("a", {}, wait="ticked"), None)

    wrapper = ResponseWrapper([])
    assert_type(wrapper.is_empty(), bool)
    assert_type(wrapper.as_pandas_df(), pandas.DataFrame)
    assert_type(wrapper.as_polars_df(), polars.DataFrame)
    assert_type(wrapper.as_arrow(), pyarrow.Table)
    assert_type(client.table("a").to_polars(), polars.DataFrame)

    with GatewayClient() as same:
        assert_type(same, GatewayClient)
        assert_type(same.last("a"), Any)

    # What is wrong is seen: an unused "type: ignore" is an error.
    client.lats("a")  # type: ignore[attr-defined]
    client.last(1)  # type: ignore[call-overload]
    client.send("a", {}, wait="done")  # type: ignore[call-overload]
    client.stage("a", "drop")  # type: ignore[arg-type]
    client.stream(["a"], snapshots=True)  # type: ignore[call-overload]
    client.state("a", 1.0, 5)  # type: ignore[call-overload]
    told: list[Callable[[Message], Any]] = [print]
    assert told


def made(config: GatewayClientConfig, said: str, kind: ReturnType | None, settings: dict[str, Any]) -> None:
    assert_type(GatewayClient(return_type="pandas"), GatewayClient[pandas.DataFrame])
    assert_type(GatewayClient(return_type="polars"), GatewayClient[polars.DataFrame])
    assert_type(GatewayClient(return_type="arrow"), GatewayClient[pyarrow.Table])
    assert_type(GatewayClient(config, return_type=ReturnType.Polars), GatewayClient[polars.DataFrame])
    assert_type(GatewayClient(host="desk", return_type=ReturnType.Wrapper), GatewayClient[ResponseWrapper])
    assert_type(AsyncGatewayClient(return_type="polars"), AsyncGatewayClient[polars.DataFrame])
    assert_type(AsyncGatewayClient(config, return_type=ReturnType.Arrow), AsyncGatewayClient[pyarrow.Table])

    # What is JSON or structs, and what is not written where the client is made, is anything.
    assert_type(GatewayClient(), GatewayClient[Any])
    assert_type(GatewayClient(config), GatewayClient[Any])
    assert_type(GatewayClient(return_type="struct"), GatewayClient[Any])
    assert_type(GatewayClient(return_type=said), GatewayClient[Any])
    assert_type(GatewayClient(**settings), GatewayClient[Any])
    assert_type(AsyncGatewayClient(**settings), AsyncGatewayClient[Any])
    GatewayClient(return_type=5)  # type: ignore[call-overload]

    # The older names are the same classes.
    older: Client[polars.DataFrame] = Client(return_type="polars")
    awaits: AsyncClient = AsyncClient(ClientConfig())
    assert_type(older, GatewayClient[polars.DataFrame])
    assert_type(awaits, AsyncGatewayClient)

    # Each verb returns it, unless the call says otherwise.
    assert_type(older.controls("stats"), polars.DataFrame)
    assert_type(older.last("a"), polars.DataFrame)
    assert_type(older.next("a", 5.0), polars.DataFrame)
    assert_type(older.state("a", query={"limit": 1}), polars.DataFrame)
    assert_type(older.sql("select 1"), polars.DataFrame)
    assert_type(older.sql("select ?", [1]), polars.DataFrame)
    assert_type(older.history("a", limit=5), polars.DataFrame)
    assert_type(older.lookup("a", "1"), polars.DataFrame)
    assert_type(older.send("a", {"x": 1}), polars.DataFrame)
    assert_type(older.fields("a"), polars.DataFrame)
    assert_type(older.send("a", [], count_only=True), int)
    assert_type(older.last("a", return_type_override="pandas"), Any)
    assert_type(older.state("a", return_type_override=ReturnType.Raw), Any)
    assert_type(older.last("a", return_type_override=kind), polars.DataFrame | Any)

    # Another kind, of the same client.
    assert_type(older.returning("pandas"), SyncAnswers[pandas.DataFrame])
    assert_type(older.returning(ReturnType.Wrapper), SyncAnswers[ResponseWrapper])
    assert_type(older.returning("arrow").history("a"), pyarrow.Table)
    assert_type(older.returning("wrapper").send("a", {}, wait="ticked"), ResponseWrapper)
    assert_type(older.returning("raw").last("a"), Any)
    assert_type(older.returning(said), SyncAnswers[Any])
    older.returning("wrapper").close()  # type: ignore[attr-defined]

    # A function may ask for a client of a kind.
    any_of_them(older)
    of_frames(older)
    of_frames(GatewayClient(config))
    of_frames(GatewayClient(return_type="wrapper"))  # type: ignore[arg-type]


def any_of_them(client: GatewayClient) -> None: ...


def of_frames(client: SyncAnswers[polars.DataFrame]) -> None: ...


class Desk(GatewayClient[polars.DataFrame]):
    def __init__(self) -> None:
        super().__init__(host="desk", return_type="polars")
        assert_type(self.last("a"), polars.DataFrame)


async def awaited() -> None:
    async with AsyncGatewayClient() as other:
        assert_type(other, AsyncGatewayClient)
        assert_type(await other.channels(), dict[str, list[str]])
        assert_type(await other.stage_lookup("a", "1"), dict[str, list[Any]])
        assert_type(await other.unsubscribe("a"), bool)
        messages: AsyncIterator[Message] = other.stream(["a"], timeout=5)
        async for message in messages:
            assert_type(message["channel"], Any)

    async with AsyncGatewayClient(return_type="polars") as frames:
        assert_type(frames, AsyncGatewayClient[polars.DataFrame])
        assert_type(await frames.controls("stats"), polars.DataFrame)
        assert_type(await frames.last("a"), polars.DataFrame)
        assert_type(await frames.next("a", 5.0), polars.DataFrame)
        assert_type(await frames.state("a", query={"limit": 1}), polars.DataFrame)
        assert_type(await frames.sql("select 1"), polars.DataFrame)
        assert_type(await frames.history("a", limit=5), polars.DataFrame)
        assert_type(await frames.lookup("a", "1"), polars.DataFrame)
        assert_type(await frames.send("a", {"x": 1}), polars.DataFrame)
        assert_type(await frames.fields("a"), polars.DataFrame)
        assert_type(await frames.send("a", [], count_only=True), int)
        assert_type(await frames.last("a", return_type_override="pandas"), Any)
        assert_type(frames.returning("wrapper"), AsyncAnswers[ResponseWrapper])
        assert_type(await frames.returning("arrow").state("a"), pyarrow.Table)
        assert_type(await frames.returning("raw").state("a"), Any)
