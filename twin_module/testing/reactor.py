"""The reactor of a test process, in a thread of its own, so that tests stay synchronous."""

import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Any, TypeVar, cast

from synapse.app import _base
from synapse.logging.context import LoggingContext  # type: ignore[attr-defined]  # not in its __all__
from twisted.internet import reactor as installed_reactor
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IReactorCore, IReactorThreads

from twin_module.host.shard.sharing import shared_lookups

T = TypeVar("T")


class ReactorThread:
    """Runs Twisted's reactor until the test process ends."""

    reactor: Any = installed_reactor

    def __init__(self) -> None:
        # Signal handlers can be set in the main thread only, and Synapse sets one at its start.
        _base.setup_sighup_handling()
        self._for_good = ExitStack()
        self._for_good.enter_context(shared_lookups(self.reactor))
        self._thread = threading.Thread(target=self._run, name="reactor", daemon=True)
        started = threading.Event()
        cast("IReactorCore", self.reactor).callWhenRunning(started.set)
        self._thread.start()
        started.wait(10)

    def _run(self) -> None:
        self.reactor.run(installSignalHandlers=False)

    def wait(
        self, work: Callable[..., Coroutine[Any, Any, T]], *arguments: Any, within: float = 300.0
    ) -> T:
        """Run a coroutine in the reactor's thread and return what it returns."""
        future: Future[T] = Future()

        async def with_context() -> T:
            with LoggingContext(name="test", server_name="test"):
                return await work(*arguments)

        def start() -> None:
            deferred: Deferred[T] = ensureDeferred(with_context())
            deferred.addCallbacks(
                future.set_result, lambda failure: future.set_exception(failure.value)
            )

        cast("IReactorThreads", self.reactor).callFromThread(start)
        try:
            return future.result(within)
        except TimeoutError:
            if future.done():
                raise
            raise AssertionError(
                f"{getattr(work, '__qualname__', work)} took more than {within} s"
            ) from None

    def call(self, function: Callable[[], T], within: float = 300.0) -> T:
        """Call a plain function in the reactor's thread."""

        async def work() -> T:
            return function()

        return self.wait(work, within=within)
