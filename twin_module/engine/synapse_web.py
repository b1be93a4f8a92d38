"""What Synapse's web server does to requests before any module sees them, changed for paths of ours.

Both changes are made once per process, whichever twin comes first, and concern our paths alone.
"""

from typing import cast

from synapse.http.server import OptionsResource
from synapse.http.site import SynapseRequest
from twisted.web.resource import IResource, Resource

CUT: str = "twin_cut"
"""The attribute of a request that was too large: the rest of its body was thrown away."""


def answer_options(prefix: bytes) -> None:
    """Let resources below a path answer OPTIONS: WebDAV says there what it can (RFC 4918, section 10.1).

    Synapse answers every OPTIONS itself, as a preflight request.
    """
    original = OptionsResource.getChildWithDefault
    if getattr(original, "lets_through", None) == prefix:
        return

    def get_child(self: OptionsResource, path: str, request: SynapseRequest) -> IResource:
        if request.method == b"OPTIONS" and request.path.startswith(prefix):
            return cast("IResource", Resource.getChildWithDefault(self, path, request))
        return cast("IResource", original(self, path, request))

    get_child.lets_through = prefix  # type: ignore[attr-defined]
    OptionsResource.getChildWithDefault = get_child  # type: ignore[assignment,method-assign]


def bound_uploads(prefix: bytes, most: int) -> None:
    """Throw away what is behind so many bytes of a body, so that whoever sent it can be told.

    Synapse cuts the connection at a limit of its own, and an app learns nothing from that.
    """
    original = SynapseRequest.handleContentChunk
    if getattr(original, "bounds", None) == prefix:
        return

    def handle_chunk(self: SynapseRequest, data: bytes) -> None:
        # The request does not know its path yet, the connection does.
        path = getattr(self._channel, "_path", b"")
        if not path.startswith(prefix):
            original(self, data)
        elif self.content is not None and self.content.tell() + len(data) > most:
            setattr(self, CUT, True)
            # So Synapse compares the header with our limit, and answers 413.
            self._max_request_body_size = most
        else:
            original(self, data)

    handle_chunk.bounds = prefix  # type: ignore[attr-defined]
    SynapseRequest.handleContentChunk = handle_chunk  # type: ignore[method-assign]


def was_cut(request: SynapseRequest) -> bool:
    """Tell whether a request was too large."""
    return bool(getattr(request, CUT, False))
