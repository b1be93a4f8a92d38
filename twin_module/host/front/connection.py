"""One client's connection: requests come one after the other, and each is answered."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol

import h11

from twin_module.host.front.answers import Answer, Refused, bad_request
from twin_module.host.front.crowd import Crowd
from twin_module.host.front.exchange import ClientGone, TwinBroke
from twin_module.host.front.limits import Limits
from twin_module.host.front.requests import check, check_bytes
from twin_module.host.front.stream import Stream
from twin_module.host.front.wire import Wire
from twin_module.host.options import Door

END_OF_HEAD: Final = b"\r\n\r\n"
HEAD_CHUNK: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is connected, and how."""

    address: str
    door: Door
    tls_name: str | None
    """The name that TLS was begun with; None without TLS."""


class Answering(Protocol):
    """Answers requests."""

    async def answer(self, caller: Caller, client: Wire, request: h11.Request) -> Answer | None:
        """Return an answer, or give one to the client and return None.

        Raises:
            Refused: with what the client is told, if nothing was told yet.
            ClientGone, TwinBroke, OSError: the answer was not finished.
        """


class Connection:
    """One client's connection."""

    def __init__(
        self,
        stream: Stream,
        caller: Caller,
        answering: Answering,
        crowd: Crowd,
        limits: Limits,
        is_closing: Callable[[], bool],
    ) -> None:
        self._caller = caller
        self._client = Wire(stream, h11.SERVER, limits.head_bytes)
        self._answering = answering
        self._crowd = crowd
        self._limits = limits
        self._is_closing = is_closing
        self._asks_for_head = False

    async def serve(self) -> None:
        """Answer until the client goes, or has to."""
        stream = self._client.stream
        try:
            while await self._serve_one():
                pass
        except (ClientGone, TwinBroke, OSError):
            # Nobody shall take the answer that was begun for a whole one.
            stream.abort()
        except BaseException:
            if self._client.http.our_state is h11.IDLE:
                await stream.close()
            else:
                stream.abort()
            raise
        else:
            await stream.close(self._limits.linger_seconds)

    async def _serve_one(self) -> bool:
        """Answer one request; tell whether another one may come."""
        last = False
        try:
            request = await self._next_request()
            if request is None:
                return False
            answer = await self._answering.answer(self._caller, self._client, request)
        except Refused as refused:
            answer, last = refused.answer, refused.last
        except TwinBroke:
            if not self._can_answer():
                raise
            answer = Refused(
                HTTPStatus.BAD_GATEWAY, "M_UNKNOWN", "The twin stopped before it had answered."
            ).answer
        if answer is not None:
            await self._say(answer, last=last)
        http = self._client.http
        if http.states != {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE} or self._is_closing():
            return False
        http.start_next_cycle()
        return True

    def _can_answer(self) -> bool:
        return self._client.http.our_state in {h11.IDLE, h11.SEND_RESPONSE}

    async def _next_request(self) -> h11.Request | None:
        """Return the next request; None when the client wants nothing more.

        Raises:
            Refused: it is no request, or one of those that nobody gets.
        """
        self._asks_for_head = False
        head = bytearray(self._client.http.trailing_data[0])
        if not head:
            try:
                with self._crowd.idle():
                    async with asyncio.timeout(self._limits.idle_seconds):
                        head += await self._client.receive(HEAD_CHUNK)
            except TimeoutError:
                return None
        if not head:
            return None
        try:
            async with asyncio.timeout(self._limits.head_seconds):
                if not await self._complete(head):
                    return None
        except TimeoutError:
            raise Refused(
                HTTPStatus.REQUEST_TIMEOUT,
                "M_UNKNOWN",
                "The request took too long to come.",
                last=True,
            ) from None
        try:
            request = self._client.next()
        except h11.RemoteProtocolError as error:
            raise _refusal(error) from None
        if not isinstance(request, h11.Request):
            raise bad_request("This is no request.")
        self._asks_for_head = request.method == b"HEAD"
        check(request, self._limits)
        return request

    async def _complete(self, head: bytearray) -> bool:
        """Wait until the head is whole; False when the client went."""
        while True:
            end = head.find(END_OF_HEAD)
            if end >= 0:
                check_bytes(head[: end + len(END_OF_HEAD)], self._limits)
                return True
            check_bytes(head, self._limits)
            data = await self._client.receive(HEAD_CHUNK)
            if not data:
                return False
            head += data

    async def _say(self, answer: Answer, *, last: bool) -> None:
        if not self._can_answer():
            raise ClientGone
        client = self._client
        # Where nothing is left to come of the request, the connection may be used again.
        if client.http.their_state is h11.SEND_BODY:
            with contextlib.suppress(h11.RemoteProtocolError):
                client.next()
        last = last or client.http.their_state is not h11.DONE or self._is_closing()
        client.put(
            h11.Response(
                status_code=answer.status,
                headers=answer.headers(last=last),
                reason=answer.status.phrase,
            )
        )
        if not self._asks_for_head:
            client.put(h11.Data(data=answer.body))
        client.put(h11.EndOfMessage())
        async with asyncio.timeout(self._limits.stall_seconds):
            await client.flush()


def _refusal(error: h11.RemoteProtocolError) -> Refused:
    match error.error_status_hint:
        case HTTPStatus.NOT_IMPLEMENTED:
            return Refused(
                HTTPStatus.NOT_IMPLEMENTED,
                "M_UNRECOGNIZED",
                "Of transfer encodings, only `chunked` is known here.",
                last=True,
            )
        case _:
            return bad_request("This is no request as HTTP has it.")
