"""Threads of a twin's own beside Synapse's reactor, for what answers by waiting."""

from collections.abc import Awaitable, Callable
from threading import Thread
from typing import Final, TypeVar

from synapse.logging.context import make_deferred_yieldable
from synapse.module_api import ModuleApi
from twisted.internet.defer import Deferred
from twisted.internet.threads import blockingCallFromThread, deferToThreadPool
from twisted.python.threadpool import ThreadPool

T = TypeVar("T")

MOST_THREADS: Final = 4
"""A thread waits most of the time; what it works is bound by the interpreter's one lock."""


class Threads:
    """A few threads, made when they are first needed.

    They are not the reactor's own: what waits in one of those for work that needs another one could
    wait for ever.
    """

    def __init__(self, api: ModuleApi) -> None:
        self._hs = api._hs
        self._reactor = self._hs.get_reactor()
        self._pool: ThreadPool | None = None
        self._stopped = False

    async def run(self, work: Callable[[], T]) -> T:
        """Do work in a thread, and return what comes of it."""
        if self._pool is None:
            self._pool = ThreadPool(0, MOST_THREADS, "twin")
            self._pool.start()
        done = deferToThreadPool(self._reactor, self._pool, work)
        result: T = await make_deferred_yieldable(done)
        return result

    def wait(self, work: Callable[[], Awaitable[T]]) -> T:
        """From one of the threads: do work in the reactor's thread, and wait for what comes of it."""
        outcome: list[T] = []
        failed: list[BaseException] = []

        async def watched() -> None:
            try:
                outcome.append(await work())
            except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
                failed.append(error)

        def begin() -> Deferred[None]:
            return self._hs.run_as_background_process("twin_dav", watched)

        blockingCallFromThread(self._reactor, begin)  # type: ignore[arg-type] # it takes a Deferred
        if failed:
            raise failed[0]
        return outcome[0]

    def stop(self) -> None:
        """End the threads, because the server stops."""
        if self._pool is not None and not self._stopped:
            self._stopped = True
            # Not here, where it would wait for threads that may wait for this one.
            Thread(target=self._pool.stop, name="twin-stop").start()
