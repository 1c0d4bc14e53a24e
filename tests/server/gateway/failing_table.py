"""The application of ``failing.py`` with tables, of which each fails when it is written to."""

import sys
from datetime import timedelta

from csp_gateway import MountPerspectiveTables
from csp_gateway.server.modules.tables.table import LiveTable
from tests.server.gateway.failing import Part, main

if __name__ == "__main__":
    part = Part(place=sys.argv[1])
    LiveTable.write = lambda *_: part.fail("tables")  # type: ignore[method-assign]
    main(part, MountPerspectiveTables(update_interval=timedelta(milliseconds=10)), port=int(sys.argv[2]))
