"""How an upstream can fail a request, and what the client is told."""

from enum import Enum

from aiohttp import web

BAD_GATEWAY, GATEWAY_TIMEOUT = 502, 504


class UpstreamFailure(Enum):
    """What went wrong, as the `reason` label."""

    CONNECT = "connect"  # no connection: nothing was sent
    RESET = "reset"  # the connection ended before an answer began
    TIMEOUT = "timeout"  # no answer began in time
    STATUS = "5xx"  # the upstream itself answered with an error
    BROKEN_STREAM = "broken_stream"  # the answer ended before it was complete
    STALLED_STREAM = "stalled_stream"  # nothing came for too long in the middle of an answer

    @property
    def status(self) -> int:
        """The HTTP status that the request counts as."""
        late = (UpstreamFailure.TIMEOUT, UpstreamFailure.STALLED_STREAM)
        return GATEWAY_TIMEOUT if self in late else BAD_GATEWAY


class UpstreamError(Exception):
    """A request failed upstream; `begun` is the response that the client has already been sent the beginning of."""

    def __init__(self, reason: UpstreamFailure, detail: str, begun: web.StreamResponse | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.begun = begun
