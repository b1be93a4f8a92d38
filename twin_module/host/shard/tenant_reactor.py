"""What one twin sees of the reactor that it shares with others in its process.

Synapse asks the reactor for all that outlives a call: sockets, timers, triggers for the end of the
process. Going through here, a twin gets its listening socket from outside, and what it leaves
behind is known, and can be taken away with it.
"""

import socket
from collections.abc import Callable
from typing import Any, Final, cast
from weakref import WeakSet

from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IDelayedCall, IListeningPort, IProtocolFactory
from twisted.internet.unix import Port, Server
from zope.interface import directlyProvides, providedBy

NEVER_BOUND: Final = b"\0held by the keeper"
"""No path of the file system, so that Twisted neither changes the mode of the socket's file when it
starts to listen nor deletes the file when it stops; both are the keeper's."""


class _FromHere(Server):
    """A connection over the socket."""

    def getPeer(self) -> IPv4Address:  # noqa: N802 - Twisted's name
        """Say that it comes from this machine; Synapse asks each client for an address of the network."""
        return IPv4Address("TCP", "127.0.0.1", 0)


class HeldPort(Port):
    """A listening socket that somebody else made and goes on to hold when this one is closed."""

    transport = _FromHere
    # Twisted would shut the socket down for everybody who holds it.
    _shouldShutdown = False  # noqa: N815 - Twisted's name

    @classmethod
    def adopt(cls, listening: socket.socket, factory: IProtocolFactory, reactor: Any) -> Any:
        """Listen on a copy of a socket."""
        listening.setblocking(False)
        port: Any = cls(NEVER_BOUND, factory, socket.SOMAXCONN, reactor=reactor)
        # As `adoptStreamPort` does, which would take the address of the socket.
        port._preexistingSocket = listening.dup()  # noqa: SLF001
        port.startListening()
        return port


class TenantReactor:
    """The reactor, as one twin may use it."""

    def __init__(self, reactor: Any, listening: socket.socket | None) -> None:
        self._reactor = reactor
        self._listening = listening
        self._timers: WeakSet[Any] = WeakSet()
        self._connectors: WeakSet[Any] = WeakSet()
        self._triggers: list[Any] = []
        self.port: Any = None
        """The `HeldPort`, once the twin listens."""
        directlyProvides(self, providedBy(reactor))

    def __getattr__(self, name: str) -> Any:
        """Pass on everything else."""
        return getattr(self._reactor, name)

    # What comes in

    def listenUNIX(  # noqa: N802 - Twisted's name
        self, address: str, factory: Any, *_: object, **__: object
    ) -> IListeningPort:
        """Listen on the socket that was given, whatever its address."""
        if self._listening is None:
            raise RuntimeError("There is no socket to listen on")
        self.port = HeldPort.adopt(self._listening, factory, self._reactor)
        return cast("IListeningPort", self.port)

    # What goes out

    def installNameResolver(self, resolver: object) -> None:  # noqa: N802 - Twisted's name
        """Keep the process's own resolver, which all share."""

    def connectTCP(self, *arguments: Any, **options: Any) -> Any:  # noqa: N802 - Twisted's name
        """Connect, see Twisted's own."""
        return self._noted(self._reactor.connectTCP(*arguments, **options))

    def connectUNIX(self, *arguments: Any, **options: Any) -> Any:  # noqa: N802 - Twisted's name
        """Connect, see Twisted's own."""
        return self._noted(self._reactor.connectUNIX(*arguments, **options))

    def _noted(self, connector: Any) -> Any:
        self._connectors.add(connector)
        return connector

    # What comes later

    def callLater(  # noqa: N802 - Twisted's name
        self, delay: float, function: Callable[..., object], *arguments: Any, **options: Any
    ) -> IDelayedCall:
        """Call a function later, see Twisted's own."""
        timer: IDelayedCall = self._reactor.callLater(delay, function, *arguments, **options)
        self._timers.add(timer)
        return timer

    def addSystemEventTrigger(self, *arguments: Any, **options: Any) -> Any:  # noqa: N802 - Twisted's name
        """Add a trigger, see Twisted's own."""
        trigger = self._reactor.addSystemEventTrigger(*arguments, **options)
        self._triggers.append(trigger)
        return trigger

    def removeSystemEventTrigger(self, trigger: Any) -> None:  # noqa: N802 - Twisted's name
        """Remove a trigger, see Twisted's own."""
        if trigger in self._triggers:
            self._triggers.remove(trigger)
        self._reactor.removeSystemEventTrigger(trigger)

    def clear(self) -> None:
        """Take away what the twin left behind: triggers, timers, connections that it made."""
        for trigger in self._triggers:
            self._reactor.removeSystemEventTrigger(trigger)
        self._triggers.clear()
        for timer in list(self._timers):
            if timer.active():
                timer.cancel()
        for connector in list(self._connectors):
            connector.disconnect()
