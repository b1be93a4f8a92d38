"""One request on its way to a twin, and the answer on its way back, neither of them collected."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeAlias

import h11

from twin_module.host.front.answers import bad_request
from twin_module.host.front.limits import Limits
from twin_module.host.front.requests import passing, switching, wants_websocket
from twin_module.host.front.stream import Stream
from twin_module.host.front.wire import Wire

Observe: TypeAlias = Callable[[h11.Event], None]
"""Is told what a twin answers, piece by piece."""


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


class TwinBroke(Exception):
    """The twin's process ended before the answer did, or it answered what is not HTTP."""


class Exchange:
    """One request and its answer."""

    def __init__(
        self, client: Wire, twin: Wire, asked: h11.Request, limits: Limits, observe: Observe
    ) -> None:
        self._client = client
        self._twin = twin
        self._asked = asked
        self._limits = limits
        self._observe = observe

    async def run(self, request: h11.Request) -> None:
        """Pass a request on, as the twin is to get it, and its answer back.

        A client that goes away ends it: nobody shall keep a twin awake who is not there.

        Raises:
            ClientGone, TwinBroke, OSError: it was not finished.
            Refused: the client sent a body that is none.
        """
        self._twin.put(request)
        bringing = asyncio.create_task(self._bring())
        fetching = asyncio.create_task(self._fetch())
        try:
            await asyncio.wait((bringing, fetching), return_when=asyncio.FIRST_COMPLETED)
            if not fetching.done():
                bringing.result()
                await asyncio.wait((fetching,))
            fetching.result()
        finally:
            await _ended(bringing, fetching)
        if self._client.http.our_state is h11.SWITCHED_PROTOCOL:
            await self._both_ways()

    async def _bring(self) -> None:
        """Bring the twin what the client sends; then see whether the client stays."""
        while not isinstance(event := self._next_of_client(), h11.EndOfMessage):
            if isinstance(event, h11.Data):
                self._twin.put(event)
                if self._twin.is_full and not await self._reaches_twin():
                    return
            elif event is h11.NEED_DATA:
                if not await self._reaches_twin():
                    return
                async with asyncio.timeout(self._patience()):
                    await self._client.receive()
            else:
                raise ClientGone
        self._twin.put(h11.EndOfMessage())
        if await self._reaches_twin() and not await self._client.receive():
            raise ClientGone
        # Whoever sends the next request before this one is answered is not listened to until then.

    def _next_of_client(self) -> object:
        try:
            return self._client.next()
        except h11.RemoteProtocolError:
            raise bad_request("The body of the request is not as HTTP has it.") from None

    def _patience(self) -> float:
        waits_for_twin = self._client.http.they_are_waiting_for_100_continue
        return self._limits.wake_seconds if waits_for_twin else self._limits.stall_seconds

    async def _reaches_twin(self) -> bool:
        """Send the twin what there is for it; False when it takes no more, which its answer explains."""
        try:
            await self._twin.flush()
        except OSError:
            return False
        # With others who come and go, a long body must leave them their turn.
        await asyncio.sleep(0)
        return True

    async def _fetch(self) -> None:
        """Bring the client what the twin answers."""
        while True:
            event = self._next_of_twin()
            if event is h11.NEED_DATA:
                await self._reach_client()
                await self._receive_of_twin()
                continue
            if isinstance(event, h11.InformationalResponse):
                if self._pass_on_notice(event):
                    await self._reach_client()
                    return
            elif isinstance(event, h11.Response):
                self._observe(event)
                self._client.put(_as_sent(event))
            elif isinstance(event, h11.Data):
                self._observe(event)
                self._client.put(event)
                if self._client.is_full:
                    await self._reach_client()
            elif isinstance(event, h11.EndOfMessage):
                self._observe(event)
                self._client.put(h11.EndOfMessage())
                await self._reach_client()
                return
            else:
                raise TwinBroke

    def _pass_on_notice(self, event: h11.InformationalResponse) -> bool:
        """Put what comes before an answer; tell whether the connection is a WebSocket from now on."""
        switched = event.status_code == HTTPStatus.SWITCHING_PROTOCOLS
        if switched and not wants_websocket(self._asked):
            raise TwinBroke
        if self._asked.http_version != b"1.0":
            headers = passing(event.headers) + (switching() if switched else [])
            self._client.put(
                h11.InformationalResponse(
                    status_code=event.status_code, headers=headers, reason=event.reason
                )
            )
        return switched

    def _next_of_twin(self) -> object:
        try:
            return self._twin.next()
        except h11.RemoteProtocolError:
            raise TwinBroke from None

    async def _receive_of_twin(self) -> None:
        try:
            await self._twin.receive()
        except OSError:
            raise TwinBroke from None

    async def _reach_client(self) -> None:
        async with asyncio.timeout(self._limits.stall_seconds):
            await self._client.flush()
        await asyncio.sleep(0)

    async def _both_ways(self) -> None:
        """Pass on whatever comes until one side ends."""
        there = asyncio.create_task(self._pass_bytes(self._client, self._twin.stream))
        back = asyncio.create_task(self._pass_bytes(self._twin, self._client.stream))
        try:
            await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _ended(there, back)

    async def _pass_bytes(self, source: Wire, target: Stream) -> None:
        data, _ = source.http.trailing_data
        data = data or await source.stream.receive()
        while data:
            async with asyncio.timeout(self._limits.stall_seconds):
                await target.send(data)
            await asyncio.sleep(0)
            data = await source.stream.receive()


def _as_sent(answer: h11.Response) -> h11.Response:
    headers = passing(answer.headers)
    if any(name == b"transfer-encoding" for name, _ in answer.headers):
        # It was not what told how long the body is.
        headers = [each for each in headers if each[0] != b"content-length"]
    return h11.Response(status_code=answer.status_code, headers=headers, reason=answer.reason)


async def _ended(*tasks: asyncio.Task[Any]) -> None:
    """Cancel what is not done, and wait for that; what became of it does not matter any more."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
