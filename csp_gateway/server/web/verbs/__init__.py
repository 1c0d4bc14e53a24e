"""The verbs of the REST API, one file each."""

from csp_gateway.server.web.verbs.controls import mount_control
from csp_gateway.server.web.verbs.history import mount_history
from csp_gateway.server.web.verbs.intake import Accepted, Intake
from csp_gateway.server.web.verbs.last import mount_last
from csp_gateway.server.web.verbs.lookup import mount_lookup, mount_lookup_any
from csp_gateway.server.web.verbs.mount import get_default_responses, mount_list
from csp_gateway.server.web.verbs.newest import Newest
from csp_gateway.server.web.verbs.next import mount_next
from csp_gateway.server.web.verbs.parameters import refuse_unknown
from csp_gateway.server.web.verbs.refused import Refused
from csp_gateway.server.web.verbs.send import mount_send
from csp_gateway.server.web.verbs.shape import Error404, Shape, not_staged, shape_of, takes_nothing, why_not
from csp_gateway.server.web.verbs.slices import INLINE_BYTES
from csp_gateway.server.web.verbs.sql import mount_sql
from csp_gateway.server.web.verbs.stage import mount_stage
from csp_gateway.server.web.verbs.state import collected, mount_state
from csp_gateway.server.web.verbs.waiter import Waiter
from csp_gateway.server.web.verbs.writer import INLINE_JSON, Writer

__all__ = [
    "INLINE_BYTES",
    "INLINE_JSON",
    "Accepted",
    "Error404",
    "Intake",
    "Newest",
    "Refused",
    "Shape",
    "Waiter",
    "Writer",
    "collected",
    "get_default_responses",
    "mount_control",
    "mount_history",
    "mount_last",
    "mount_list",
    "mount_lookup",
    "mount_lookup_any",
    "mount_next",
    "mount_send",
    "mount_sql",
    "mount_stage",
    "mount_state",
    "not_staged",
    "refuse_unknown",
    "shape_of",
    "takes_nothing",
    "why_not",
]
