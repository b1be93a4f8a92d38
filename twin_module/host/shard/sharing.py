"""What the twins of one process share: names are looked up by the same threads, lines logged by one handler."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from synapse.app import _base
from synapse.util.gai_resolver import GAIResolver
from twisted.python.threadpool import ThreadPool

from twin_module.host.shard.logs import TwinLogs, twin_logs
from twin_module.host.shard.replacing import replaced

MOST_LOOKUPS: Final = 4
"""How many names are looked up at a time; a thread waits for each."""


class _SharedPool(ThreadPool):
    """Threads that start when they are needed, and outlive the homeserver that asked for them."""

    def __init__(self) -> None:
        super().__init__(0, MOST_LOOKUPS, "names")

    def start(self) -> None:
        if not self.started:
            super().start()

    def stop(self) -> None:
        """Stay, since the others go on."""

    def end(self) -> None:
        """End the threads."""
        super().stop()


@contextmanager
def shared_lookups(reactor: Any) -> Iterator[None]:
    """Let all homeservers of this process look names up by the same threads.

    Each start of one would make a pool of five threads otherwise that nobody stops.
    """
    with ExitStack() as stack:
        pool = _SharedPool()
        pool.start()
        stack.callback(pool.end)
        stack.enter_context(replaced(_base, "ThreadPool", lambda **_: pool))
        before = reactor.installNameResolver(GAIResolver(reactor, getThreadPool=lambda: pool))
        stack.callback(reactor.installNameResolver, before)
        yield


@contextmanager
def sharing(reactor: Any, host_log: Path) -> Iterator[TwinLogs]:
    """Prepare this process for homeservers side by side; yields who writes their logs."""
    with shared_lookups(reactor), twin_logs(host_log) as logs:
        yield logs
