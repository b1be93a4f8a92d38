"""The process of a shard: it obeys the keeper, and puts twins to sleep that are quiet and owe nothing.

Whatever ends it - the keeper's word, the keeper's death, a polite kill - it first lets go of its
twins. A kill -9 costs what a power cut costs a server: what was acknowledged is in the databases.
"""

import gc
import logging
import os
import signal
import socket
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final, cast

from synapse.logging.context import PreserveLoggingContext
from twisted.internet import reactor as installed_reactor
from twisted.internet.defer import Deferred, DeferredList, DeferredLock, ensureDeferred
from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.task import LoopingCall, deferLater
from twisted.python.failure import Failure
from zope.interface import implementer

from twin_module.host.channel import (
    Ask,
    Asleep,
    Awake,
    Channel,
    Failed,
    Load,
    Message,
    Report,
    Sleep,
    Stays,
    Stop,
    TwinNow,
)
from twin_module.host.errors import HostError
from twin_module.host.places import Places
from twin_module.host.shard import inherited
from twin_module.host.shard.disk import Disk
from twin_module.host.shard.logs import TwinLogs
from twin_module.host.shard.sharing import sharing
from twin_module.host.shard.tenant import Tenant

logger = logging.getLogger(__name__)

QUIET_SECONDS: Final = 300.0
UNUSED_SECONDS: Final = 60.0
"""The same for one that nobody used since it woke."""
LOOK_SECONDS: Final = 15.0
"""How often is looked for quiet twins, and for those that can't write."""
SETTLE_SECONDS: Final = 0.05
"""How long a twin listens to nobody before it sleeps, so that what just came is seen."""
WORTH_SLEEPING: Final = 60_000
"""Milliseconds; a twin that has to be awake sooner than that stays awake."""
TRY_AGAIN: Final = 600_000
"""Milliseconds until a twin is woken for what was due already and could not be done."""
SEND_AGAIN_SECONDS: Final = 0.1
LAST_REQUESTS_SECONDS: Final = 3.0
"""How long requests under way may take at the end; who waits for news asks again."""
END_SECONDS: Final = 30
"""How long putting everything to sleep may take at the end."""
COLLECT_SECONDS: Final = 1.0
"""How long after a twin went to sleep its memory is collected, with that of others meanwhile."""


def run_shard(
    channel: Channel, data: Path, quiet_seconds: float = QUIET_SECONDS, own: Path | None = None
) -> None:
    """Be a shard, in a process that `keeper/children.py` forked from one that called `warm_up`.

    Args:
        channel: this shard's end; the parent has the other one.
        data: the data folder, absolute.
        quiet_seconds: after how long without use a twin sleeps.
        own: where it logs if it runs as a user of its own.

    Returns when all twins sleep and nobody asks for more. The process has to end by `os._exit`
    then: its memory is full of copies of things that are the parent's to close.
    """
    reactor = cast("Any", installed_reactor)
    places = Places(data, own)
    inherited.renew(reactor)
    inherited.speak_to(places.log)
    # Addresses of sockets are short by law; see `Places`.
    os.chdir(data)
    with sharing(reactor, places.log) as logs:
        shard = Shard(reactor, channel, logs, quiet_seconds)
        # The flag of Twisted would leave other signals to it as well.
        signal.signal(signal.SIGTERM, lambda *_: reactor.callFromThread(shard.end))
        reactor.callWhenRunning(shard.begin)
        reactor.run(installSignalHandlers=False)
    channel.close()


class Shard:
    """The twins of this process, by name."""

    def __init__(
        self, reactor: Any, channel: Channel, logs: TwinLogs, quiet_seconds: float = QUIET_SECONDS
    ) -> None:
        self._reactor = reactor
        self._channel = channel
        self._logs = logs
        self._quiet_seconds = quiet_seconds
        self._unused_seconds = min(quiet_seconds, UNUSED_SECONDS)
        self._twins: dict[str, Tenant] = {}
        # One thing at a time happens to each twin.
        self._turns: dict[str, DeferredLock] = {}
        self._unsent: list[Message] = []
        self._ears = _Ears(self, channel)
        self._troubled: set[str] = set()
        """Of whom the keeper was told that they have a problem."""
        self._looking = LoopingCall(self._look)
        self._looking.clock = reactor
        self._ending = False
        self._collecting: object | None = None

    def begin(self) -> None:
        """Listen to the keeper; call it in the running reactor."""
        self._reactor.addReader(self._ears)
        self._looking.start(min(LOOK_SECONDS, max(self._quiet_seconds / 4, 0.1)), now=False)

    # The keeper speaks

    def hear(self) -> None:
        """Do what the keeper says."""
        while True:
            try:
                heard = self._channel.receive()
            except BlockingIOError:
                return
            except OSError:
                heard = None
            if heard is None:
                self.end()
                return
            self._obey(*heard)

    def _obey(self, message: Message, descriptor: int | None) -> None:
        match message:
            case Load() if descriptor is not None:
                self._background(self._load(message, socket.socket(fileno=descriptor)))
            case Sleep():
                self._background(self._sleep(message.name, at_once=message.at_once, asked=True))
            case Ask():
                self._say(self._report())
            case Stop():
                self.end()
            case _:
                logger.error("The keeper said what no shard understands: %s", message)

    def _report(self) -> Report:
        now, problems = self._reactor.seconds(), self._problems()
        for name in problems.keys() - self._troubled:
            logger.error("The twin of %s is unwell: %s", name, problems[name])
        for name in self._troubled - problems.keys():
            logger.warning("The twin of %s is well again, or asleep", name)
        self._troubled = set(problems)
        return Report(
            tuple(
                TwinNow(
                    name,
                    twin.idle,
                    twin.why_awake(now),
                    twin.requests,
                    twin.queue,
                    problems.get(name),
                )
                for name, twin in self._twins.items()
            )
        )

    def _problems(self) -> dict[str, str]:
        """Return why twins can keep nothing of what they are told, by name; only of those that can't."""
        found = {name: self._problem(twin) for name, twin in self._twins.items()}
        return {name: problem for name, problem in found.items() if problem is not None}

    def _problem(self, twin: Tenant) -> str | None:
        if (problem := twin.disk.problem()) is not None:
            return problem
        trouble = self._logs.trouble(twin.server_name)
        return None if trouble is None else f"Its log can't be written ({trouble})."

    def _say(self, message: Message) -> None:
        self._unsent.append(message)
        if len(self._unsent) == 1:
            self._send()

    def _send(self) -> None:
        while self._unsent:
            try:
                self._channel.send(self._unsent[0])
            except BlockingIOError:
                # The keeper has not read for long; it may be forking.
                self._reactor.callLater(SEND_AGAIN_SECONDS, self._send)
                return
            except OSError:
                # It is gone, which is heard as well.
                self._unsent.clear()
                return
            del self._unsent[0]

    # Twins come and go

    async def _load(self, message: Load, listening: socket.socket) -> None:
        name, folder = message.name, Path(message.folder)
        async with self._turn(name):
            if self._ending or name in self._twins:
                listening.close()
                return
            began = self._reactor.seconds()
            disk = Disk(folder)
            self._logs.open(message.server_name, folder / "homeserver.log", disk.hear)
            try:
                twin = await Tenant.load(name, message.server_name, folder, listening, disk)
            except HostError as error:
                self._logs.shut(message.server_name)
                logger.error("%s", error)  # noqa: TRY400 - where it came from is logged with the twin
                self._say(Failed(name, str(error)))
                self._collect()
                return
            self._twins[name] = twin
            self._say(Awake(name, self._reactor.seconds() - began))
            if message.was_unreachable:
                twin.greet_peers()

    async def _sleep(self, name: str, *, at_once: bool = False, asked: bool = False) -> None:
        async with self._turn(name):
            twin = self._twins.get(name)
            if twin is None:
                return
            why, alarm = (None, await self._alarm(twin)) if at_once else await self._may_sleep(twin)
            if why is not None:
                if asked:
                    self._say(Stays(name, why))
                return
            await twin.unload()
            del self._twins[name]
            self._logs.shut(twin.server_name)
            self._say(Asleep(name, alarm))
            self._collect()

    def _turn(self, name: str) -> DeferredLock:
        return self._turns.setdefault(name, DeferredLock())

    def _collect(self) -> None:
        """Free what twins left behind soon; an empty shard ends, which frees all."""
        if self._collecting is None and self._twins:
            self._collecting = self._reactor.callLater(COLLECT_SECONDS, self._collect_now)

    def _collect_now(self) -> None:
        self._collecting = None
        gc.collect()

    async def _may_sleep(self, twin: Tenant) -> tuple[str | None, int | None]:
        """Stop listening, and return no reason and the alarm when a twin may sleep; else why it may not."""
        twin.pause()
        await deferLater(self._reactor, SETTLE_SECONDS)
        why, alarm = twin.why_awake(self._reactor.seconds()), None
        if why is None:
            alarm = await self._alarm(twin)
            if alarm is not None and alarm - self._now() < WORTH_SLEEPING:
                why = "something is due soon"
        # It may have been given work while it was asked.
        why = why or twin.why_awake(self._reactor.seconds())
        if why is not None:
            twin.go_on()
        return why, alarm

    async def _alarm(self, twin: Tenant) -> int | None:
        try:
            alarm = await twin.next_alarm()
        except Exception:
            logger.exception("It is not known when %s has to be awake again", twin.name)
            alarm = self._now()
        if alarm is not None and alarm <= self._now():
            # It was awake for long, so what is due can't be done now.
            return self._now() + TRY_AGAIN
        return alarm

    def _now(self) -> int:
        return int(self._reactor.seconds() * 1000)

    def _look(self) -> None:
        self._look_for_quiet()
        for name, twin in list(self._twins.items()):
            self._logs.try_again(twin.server_name)
            if twin.disk.failed and not self._turn(name).locked:
                self._background(self._try_to_write(name))
        self._tell_of_problems()

    async def _try_to_write(self, name: str) -> None:
        async with self._turn(name):
            if name in self._twins:
                await self._twins[name].try_to_write()
        self._tell_of_problems()

    def _tell_of_problems(self) -> None:
        """Tell the keeper at once who has a problem, and who has none any more."""
        if self._problems().keys() != self._troubled:
            self._say(self._report())

    def _look_for_quiet(self) -> None:
        for name, twin in list(self._twins.items()):
            # Woken for its own sake, it goes when that is done: nobody waits for more.
            wanted = self._quiet_seconds if twin.requests else self._unused_seconds
            if twin.idle >= wanted and not self._turn(name).locked:
                self._background(self._sleep(name))

    # The end

    def end(self) -> None:
        """Put all twins to sleep at once, and end the process."""
        if self._ending:
            return
        self._ending = True
        # Whatever hangs must not keep the databases.
        signal.alarm(END_SECONDS)
        self._reactor.removeReader(self._ears)
        if self._looking.running:
            self._looking.stop()
        names = list(self._turns)
        sleeps = [self._background(self._let_go(name)) for name in names]
        DeferredList(sleeps).addBoth(lambda _: self._reactor.stop())

    async def _let_go(self, name: str) -> None:
        async with self._turn(name):
            # It may just be loading.
            twin = self._twins.get(name)
        if twin is not None:
            # Who comes from now on waits for whoever has the twin next.
            twin.pause()
            until = self._reactor.seconds() + LAST_REQUESTS_SECONDS
            await deferLater(self._reactor, SETTLE_SECONDS)
            while twin.is_answering and self._reactor.seconds() < until:
                await deferLater(self._reactor, SETTLE_SECONDS)
        await self._sleep(name, at_once=True)

    def _background(self, work: Coroutine[Any, Any, None]) -> Deferred[None]:
        with PreserveLoggingContext():
            done = ensureDeferred(work)
        done.addErrback(_log_failure)
        return done


@implementer(IReadDescriptor)
class _Ears:
    """The channel, as the reactor reads it."""

    def __init__(self, shard: Shard, channel: Channel) -> None:
        self._shard = shard
        self._channel = channel

    def fileno(self) -> int:
        return self._channel.fileno()

    def doRead(self) -> None:  # noqa: N802 - Twisted's name
        self._shard.hear()

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802 - Twisted's name
        """Do nothing; what is lost is read as well."""

    def logPrefix(self) -> str:  # noqa: N802 - Twisted's name
        return "keeper"


def _log_failure(failure: Failure) -> None:
    logger.error("A twin could not be dealt with", exc_info=failure.value)
