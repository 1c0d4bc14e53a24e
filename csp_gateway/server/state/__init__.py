"""The newest record per key of a stream, and what can be asked of it."""

from csp_gateway.server.state.node import build_track_state_node, collected, keep_in_graph
from csp_gateway.server.state.state import State, StateType

__all__ = ["State", "StateType", "build_track_state_node", "collected", "keep_in_graph"]
