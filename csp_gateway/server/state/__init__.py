"""The newest record per key of a stream, and what can be asked of it."""

from csp_gateway.server.state.choice import (
    disable_duckdb_state,
    duckdb_statistics,
    enable_duckdb_state,
    modify_buffer_threshold,
    restore_buffer_threshold,
)
from csp_gateway.server.state.database import limit_duckdb_memory, modify_duckdb_threads, restore_duckdb_threads
from csp_gateway.server.state.found import Found
from csp_gateway.server.state.node import build_track_state_node, collected, keep_in_graph
from csp_gateway.server.state.paths import resolve
from csp_gateway.server.state.predicate import Predicate, predicate_of
from csp_gateway.server.state.settling import settled
from csp_gateway.server.state.sql import Cancellation, Select, SqlLimits, read_select, run_select
from csp_gateway.server.state.sql_parameters import Parameters
from csp_gateway.server.state.state import State, StateType
from csp_gateway.server.state.stopping import Stop

__all__ = [
    "Cancellation",
    "Found",
    "Parameters",
    "Predicate",
    "Select",
    "SqlLimits",
    "State",
    "StateType",
    "Stop",
    "build_track_state_node",
    "collected",
    "disable_duckdb_state",
    "duckdb_statistics",
    "enable_duckdb_state",
    "keep_in_graph",
    "limit_duckdb_memory",
    "modify_buffer_threshold",
    "modify_duckdb_threads",
    "predicate_of",
    "read_select",
    "resolve",
    "restore_buffer_threshold",
    "restore_duckdb_threads",
    "run_select",
    "settled",
]
