"""A module of Synapse that answers WebSockets, and nothing else: each message comes back."""

from typing import Any, Final

from synapse.http.site import SynapseRequest
from synapse.logging.context import PreserveLoggingContext, make_deferred_yieldable
from synapse.module_api import DirectServeJsonResource, ModuleApi
from twisted.internet.defer import Deferred

from twin_module.engine.synapse import SynapseHomeserver
from twin_module.rest.websocket import WebSocket, accept

PATH: Final = "/_synapse/client/echo"
FLOOD: Final = b"flood"
"""As a message: send a hundred messages of 64 KiB without looking whether they are read."""
HOLD: Final = b"hold"
"""As a message: receive nothing more until `go_on`."""
FAIL: Final = b"fail"
"""As a message: have a bug."""
COUNT: Final = b"count"
"""As the beginning of a message: do not send it back."""
CLOSE: Final = b"close "
"""As the beginning of a message: close with this code."""


class Echo(DirectServeJsonResource):
    """What answers, and what a test sees of it."""

    isLeaf = True  # noqa: N815 - Twisted's name

    def __init__(self, config: Any, api: ModuleApi) -> None:
        super().__init__(clock=api._hs.get_clock())
        self.homeserver = SynapseHomeserver(api, "alice")
        self.open: list[WebSocket] = []
        self.received = 0
        self.silences = 0
        self._held: Deferred[None] = Deferred()
        api.register_web_resource(PATH, self)
        # Only to be found again by `of`.
        api.register_spam_checker_callbacks(check_event_for_spam=self._found_by)
        self.homeserver.on_shutdown(self._hang_up)

    async def _found_by(self, event: object) -> str:
        return "NOT_SPAM"

    def _hang_up(self) -> None:
        for socket in list(self.open):
            socket.hang_up()

    def go_on(self) -> None:
        """Receive again."""
        with PreserveLoggingContext():
            self._held.callback(None)

    async def _async_render(self, request: SynapseRequest) -> None:
        socket = accept(request, self.homeserver)
        self.open.append(socket)
        try:
            while (message := await socket.receive()) is not None:
                self.received += len(message)
                self.silences += not message
                if message == FLOOD:
                    for _ in range(100):
                        socket.send(bytes(2**16))
                elif message == HOLD:
                    await make_deferred_yieldable(self._held)
                elif message == FAIL:
                    raise ValueError("on purpose")
                elif message.startswith(CLOSE):
                    socket.close(int(message.removeprefix(CLOSE)), "as you " + "wish " * 40)
                elif message and not message.startswith(COUNT):
                    socket.send(message)
        finally:
            self.open.remove(socket)
