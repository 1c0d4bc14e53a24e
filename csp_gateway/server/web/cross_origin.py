"""CORS: which pages of other origins may read answers. What they may not is refused with a problem, as all else is."""

from fastapi.middleware.cors import CORSMiddleware
from starlette.datastructures import Headers
from starlette.responses import Response

from csp_gateway.server.web.guard import other_origin
from csp_gateway.server.web.problem import ProblemReply, plain

__all__ = ["CrossOrigin"]


class CrossOrigin(CORSMiddleware):
    """Starlette's, whose refusals are plain texts."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """What a browser is told that asks whether a page may do something."""
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        headers = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        origin = request_headers["origin"]
        if not self.is_allowed_origin(origin):
            return other_origin(origin.encode("latin-1"), headers)
        return ProblemReply(plain(response.status_code), bytes(response.body).decode(), headers)
