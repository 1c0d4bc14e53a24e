"""GatewayStruct, and its way to JSON and back."""

from csp_gateway.server.structs.arrow_layout import LAYOUTS
from csp_gateway.server.structs.arrow_reader import ArrowReader, ArrowRows, Leaf
from csp_gateway.server.structs.controls import Controls
from csp_gateway.server.structs.decode import decode, decode_many, is_plain
from csp_gateway.server.structs.encode import encode, encode_many
from csp_gateway.server.structs.example import example_of
from csp_gateway.server.structs.gateway_struct import GatewayStruct, global_lookup, is_gateway_struct_like
from csp_gateway.server.structs.identity import Counter, IdType, get_counter
from csp_gateway.server.structs.lookup import LookupStatistics
from csp_gateway.server.structs.nearest import with_nearest
from csp_gateway.server.structs.rules import ValidatorFn, ValidatorMode
from csp_gateway.server.structs.tabular import (
    ODD,
    DictRows,
    StructRows,
    TableRows,
    Tabular,
    as_table,
    completed,
    with_odd,
    write_rows,
)

__all__ = [
    "LAYOUTS",
    "ODD",
    "ArrowReader",
    "ArrowRows",
    "Controls",
    "Counter",
    "DictRows",
    "GatewayStruct",
    "IdType",
    "Leaf",
    "LookupStatistics",
    "StructRows",
    "TableRows",
    "Tabular",
    "ValidatorFn",
    "ValidatorMode",
    "as_table",
    "completed",
    "decode",
    "decode_many",
    "encode",
    "encode_many",
    "example_of",
    "get_counter",
    "global_lookup",
    "is_gateway_struct_like",
    "is_plain",
    "with_nearest",
    "with_odd",
    "write_rows",
]
