"""What travels between a gateway and its clients."""

from csp_gateway.wire.query import Filter, FilterCondition, FilterWhere, FilterWhereLambdaMap, Query

__all__ = ["Filter", "FilterCondition", "FilterWhere", "FilterWhereLambdaMap", "Query"]
