"""Calls between twins in Synapse's web server: signed by the calling server, answered in JSON."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

from synapse.http.site import SynapseRequest
from synapse.module_api import DirectServeJsonResource, ModuleApi
from synapse.module_api.errors import SynapseError

from twin_module.core.errors import BadJson, TooLarge, TwinError
from twin_module.core.schema import bounds_problem
from twin_module.engine.peers import MAX_BODY_BYTES
from twin_module.engine.synapse_starting import until_ready
from twin_module.engine.twin import Twin
from twin_module.rest.about import VERSION
from twin_module.rest.resource import parse_json

ABOUT = "about"


class PeerResource(DirectServeJsonResource):
    """Everything under `/_matrix/org.digitaltwin/v1/`."""

    isLeaf = True

    def __init__(
        self,
        api: ModuleApi,
        twin: Twin,
        authenticate: Callable[[SynapseRequest, Mapping[str, Any]], Awaitable[str]],
    ) -> None:
        super().__init__(clock=api._hs.get_clock())  # noqa: SLF001 - without it, Synapse makes a clock that never stops
        self._twin = twin
        self._authenticate = authenticate

    async def _async_render(self, request: SynapseRequest) -> tuple[int, Any] | None:
        path = b"/".join(request.postpath or ()).decode(errors="replace")
        try:
            if path == ABOUT and request.method in (b"GET", b"HEAD"):
                return HTTPStatus.OK, {"twin": True, "version": VERSION}
            if request.method not in (b"POST", b"PUT"):
                raise SynapseError(
                    HTTPStatus.METHOD_NOT_ALLOWED, "Twins are called with POST.", "M_UNRECOGNIZED"
                )
            # Read before anybody has shown who they are, so there is not much that is read.
            body = _body(request)
            server = await self._authenticate(request, body)
            await until_ready(self._twin)
            return HTTPStatus.OK, await self._twin.peers.answer(server, path, body)
        except TwinError as error:
            raise SynapseError(
                error.status, error.message, error.errcode, dict(error.fields)
            ) from error


def _body(request: SynapseRequest) -> dict[str, Any]:
    data = request.content.read(MAX_BODY_BYTES + 1) if request.content else b""
    if len(data) > MAX_BODY_BYTES:
        raise TooLarge(f"A call may have {MAX_BODY_BYTES} bytes.")
    body = parse_json(data)
    if not isinstance(body, dict):
        raise BadJson("The body has to be a JSON object.")
    # What is no canonical JSON can't have been signed.
    problem = bounds_problem(body, MAX_BODY_BYTES)
    if problem:
        raise BadJson(f"{problem.path or 'The body'}: {problem.message}")
    return body
