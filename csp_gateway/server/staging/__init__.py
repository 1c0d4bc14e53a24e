"""Records held back from a channel until they are released into it."""

from csp_gateway.server.staging.area import Area
from csp_gateway.server.staging.areas import AREAS_LIMIT, RECORDS_LIMIT, Areas, Change
from csp_gateway.server.staging.events import Staging, StagingAction, StagingEvent, StagingRequest
from csp_gateway.server.staging.journal import Happening, Journal, Packing, Step
from csp_gateway.server.staging.node import apply_stage_requests, build_staging_node
from csp_gateway.server.staging.staged import PENDING_LIMIT, Reading, StagedChannel
from csp_gateway.server.staging.telling import UNTOLD_LIMIT, Listener, Telling

__all__ = [
    "AREAS_LIMIT",
    "PENDING_LIMIT",
    "RECORDS_LIMIT",
    "UNTOLD_LIMIT",
    "Area",
    "Areas",
    "Change",
    "Happening",
    "Journal",
    "Listener",
    "Packing",
    "Reading",
    "StagedChannel",
    "Staging",
    "StagingAction",
    "StagingEvent",
    "StagingRequest",
    "Step",
    "Telling",
    "apply_stage_requests",
    "build_staging_node",
]
