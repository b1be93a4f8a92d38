"""From a request to who answers it: the front itself, or a twin."""

import logging
from typing import Final

import h11

from twin_module.host.doors import METRICS
from twin_module.host.front import own_answers
from twin_module.host.front.answers import Answer, Refused
from twin_module.host.front.connection import Caller
from twin_module.host.front.exchange import Exchange, TwinBroke
from twin_module.host.front.limits import Limits
from twin_module.host.front.metrics import Metrics
from twin_module.host.front.names import Names, asked_for
from twin_module.host.front.numbers import Numbers
from twin_module.host.front.requests import header, to_twin
from twin_module.host.front.twin_socket import connect
from twin_module.host.front.wire import Wire
from twin_module.host.places import Places
from twin_module.host.table import Entry

LONGEST_HEAD_OF_TWIN: Final = 64 * 1024

_log = logging.getLogger(__name__)


class Dispatch:
    """Answers the requests of all connections."""

    def __init__(
        self, places: Places, names: Names, numbers: Numbers, metrics: Metrics, limits: Limits
    ) -> None:
        self._places = places
        self._names = names
        self._numbers = numbers
        self._metrics = metrics
        self._limits = limits

    async def answer(self, caller: Caller, client: Wire, request: h11.Request) -> Answer | None:
        """Answer a request, see `Answering`."""
        if caller.door.server_name == METRICS:
            return await self._metrics.answer(request)
        entry = asked_for(self._names, caller.door, caller.tls_name, header(request, b"host"))
        try:
            answer = own_answers.answer(self._places, entry, request)
            if answer is None:
                if caller.door.server_name is None:
                    own_answers.check_goes_on(request)
                await self._pass_on(entry, caller, client, request)
        except Refused as refused:
            self._numbers.answered(entry.server_name, refused.answer.status)
            raise
        if answer is not None:
            self._numbers.answered(entry.server_name, answer.status)
        return answer

    async def _pass_on(
        self, entry: Entry, caller: Caller, client: Wire, request: h11.Request
    ) -> None:
        kept = own_answers.keeps(self._places, entry, request)

        def observe(event: h11.Event) -> None:
            if isinstance(event, h11.Response):
                self._numbers.answered(entry.server_name, event.status_code)
            if kept is not None:
                kept.observe(event)

        stream = await connect(
            self._places.relative_socket(entry.server_name), self._limits.wake_seconds
        )
        try:
            twin = Wire(stream, h11.CLIENT, LONGEST_HEAD_OF_TWIN)
            sent = to_twin(request, caller.address, entry.server_name, tls=caller.door.tls)
            await Exchange(client, twin, request, self._limits, observe).run(sent)
        except TwinBroke:
            _log.warning("The twin %s ended in the middle of an answer.", entry.server_name)
            raise
        finally:
            await stream.close()
