"""GatewayStruct, and its way to JSON and back."""

from csp_gateway.server.structs.decode import decode, decode_many
from csp_gateway.server.structs.encode import encode, encode_many
from csp_gateway.server.structs.gateway_struct import GatewayStruct, global_lookup, is_gateway_struct_like
from csp_gateway.server.structs.identity import Counter, IdType, get_counter
from csp_gateway.server.structs.lookup import LookupStatistics
from csp_gateway.server.structs.rules import ValidatorFn, ValidatorMode

__all__ = [
    "Counter",
    "GatewayStruct",
    "IdType",
    "LookupStatistics",
    "ValidatorFn",
    "ValidatorMode",
    "decode",
    "decode_many",
    "encode",
    "encode_many",
    "get_counter",
    "global_lookup",
    "is_gateway_struct_like",
]
