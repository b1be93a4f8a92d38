"""Waiting for a twin that just starts, such as one that this very request has woken."""

from typing import Final

from synapse.logging.context import PreserveLoggingContext, make_deferred_yieldable
from twisted.internet.defer import Deferred

from twin_module.engine.twin import Twin

PATIENCE_SECONDS: Final = 20.0
"""How long a request waits; clients and proxies have less patience than a long start may take."""


async def until_ready(twin: Twin) -> None:
    """Return when the twin serves.

    Raises:
        NotReady: it can't serve, or has not started for long; says why.
    """
    if twin.not_ready is not None:
        await _until_started(twin)
    twin.check_ready()


async def _until_started(twin: Twin) -> None:
    started: Deferred[None] = Deferred()

    def go_on() -> None:
        if not started.called:
            # What waited goes on in here, and must not leave its logging context to our caller.
            with PreserveLoggingContext():
                started.callback(None)

    take_back = twin.homeserver.call_later(PATIENCE_SECONDS, go_on)
    forget = twin.when_started(go_on)
    try:
        await make_deferred_yieldable(started)
    finally:
        take_back()
        forget()
