"""A keeper whose shards and front only play: they answer, sleep, fail, hang and die on order.

    keeper_program.py DATA [OPTIONS [PACE]]

What a twin does when it is loaded is said by the file `behave` in its folder, what is asked of it
by a line at its socket. All that happens is a line in DATA/trace. How the next program fails is said
by the file DATA/next. There are no users but its own.
"""

import json
import os
import pwd
import selectors
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from twin_module.host.channel import (
    Ask,
    Asleep,
    Awake,
    Channel,
    Failed,
    Load,
    Report,
    Sleep,
    Stays,
    Stop,
    TwinNow,
)
from twin_module.host.errors import HostError
from twin_module.host.keeper.handover import handed_over
from twin_module.host.keeper.keeper import Keeper, Programs
from twin_module.host.keeper.pace import Pace
from twin_module.host.lock import FolderLock
from twin_module.host.options import Door, HostOptions
from twin_module.host.places import Places
from twin_module.host.users import Users


def trace(data: Path, *words: object) -> None:
    """Note what happened, in one write."""
    with (data / "trace").open("a") as file:
        file.write(" ".join(str(word) for word in words) + "\n")


class Player:
    """A shard that plays."""

    def __init__(self, channel: Channel, data: Path) -> None:
        self.channel = channel
        self.data = data
        self.sockets: dict[str, socket.socket] = {}
        self.locks: dict[str, FolderLock] = {}
        self.selector = selectors.DefaultSelector()

    def run(self) -> None:
        self.selector.register(self.channel, selectors.EVENT_READ, None)
        while True:
            for key, _ in self.selector.select():
                if key.data is None:
                    if not self.hear():
                        return
                elif key.data in self.sockets:
                    self.serve(key.data)

    def behave(self, name: str) -> str:
        path = self.data / name / "behave"
        return path.read_text().strip() if path.exists() else ""

    def hear(self) -> bool:
        try:
            heard = self.channel.receive()
        except BlockingIOError:
            return True
        if heard is None:
            trace(self.data, "orphan", os.getpid())
            return False
        match heard:
            case (Load(name, _, folder, was_unreachable), int(descriptor)):
                trace(self.data, "load", name, os.getpid(), was_unreachable)
                self.load(name, Path(folder), socket.socket(fileno=descriptor))
            case (Sleep(name, at_once), None):
                trace(self.data, "told-to-sleep", name, at_once)
                self.told_to_sleep(name, at_once=at_once)
            case (Ask(), None):
                self.channel.send(self.report())
            case (Stop(), None):
                for name in list(self.sockets):
                    self.sleep(name)
                trace(self.data, "stopped", os.getpid())
                if (self.data / "never-end").exists():
                    time.sleep(3600)
                return False
        return True

    def report(self) -> Report:
        return Report(
            tuple(
                TwinNow(name, 1.0, self.busy(name), 3, 2, self.problem(name))
                for name in self.sockets
            )
        )

    def problem(self, name: str) -> str | None:
        return "Its disk is full; make room." if self.behave(name) == "full" else None

    def busy(self, name: str) -> str | None:
        return "a client is online" if self.behave(name) == "busy" else None

    def told_to_sleep(self, name: str, *, at_once: bool) -> None:
        why = self.busy(name)
        if name not in self.sockets or self.behave(name) == "stuck":
            return
        if why is not None and not at_once:
            self.channel.send(Stays(name, why))
        else:
            self.sleep(name)

    def load(self, name: str, folder: Path, listening: socket.socket) -> None:
        self.locks[name] = FolderLock(folder / "running.lock")
        while not self.locks[name].take():
            trace(self.data, "waits-for-another", name)
            time.sleep(0.05)
        while self.behave(name) == "slow":
            time.sleep(0.02)
        match self.behave(name):
            case "die":
                os._exit(9)
            case "hang":
                trace(self.data, "hangs", name)
                time.sleep(3600)
            case "fail":
                listening.close()
                self.locks.pop(name).release()
                self.channel.send(Failed(name, "Its homeserver.yaml has a fault."))
                return
            case "babble":
                self.channel.socket.send(b'{"kind": "Asleep", "name": 7, "alarm": "soon"}')
                return
            case "strange":
                self.channel.socket.send(b"[" * 20_000)
                return
        self.sockets[name] = listening
        self.selector.register(listening, selectors.EVENT_READ, name)
        self.channel.send(Awake(name, 0.01))

    def serve(self, name: str) -> None:
        try:
            connection, _ = self.sockets[name].accept()
        except BlockingIOError:
            return
        with connection:
            connection.setblocking(True)
            said = connection.makefile("rb").readline().decode().split()
            user = f"{os.getuid()}:{os.getgid()}"
            connection.sendall(f"{name} {os.getpid()} {user}\n".encode())
        match said:
            case ["sleep"]:
                self.sleep(name)
            case ["sleep", milliseconds]:
                self.sleep(name, int(milliseconds))
            case ["end"]:
                self.let_go(name)
                self.channel.send(Failed(name, "It came to an end."))
            case ["die"]:
                os._exit(9)
            case ["hang"]:
                time.sleep(3600)

    def sleep(self, name: str, alarm: int | None = None) -> None:
        self.let_go(name)
        trace(self.data, "asleep", name)
        self.channel.send(Asleep(name, alarm))

    def let_go(self, name: str) -> None:
        self.selector.unregister(self.sockets[name])
        self.sockets.pop(name).close()
        self.locks.pop(name).release()


def run_shard(channel: Channel, data: Path, quiet_seconds: float, own: Path | None) -> None:
    trace(data, "shard", os.getpid())
    Player(channel, data).run()


def run_front(
    places: Places, sockets: Sequence[tuple[Door, socket.socket]], alive: socket.socket
) -> None:
    trace(places.data, "front", os.getpid(), *sorted(door.port for door, _ in sockets))
    selector = selectors.DefaultSelector()
    ending: list[int] = []
    signal.signal(signal.SIGTERM, lambda kind, _: ending.append(kind))
    signal.signal(signal.SIGHUP, lambda *_: trace(places.data, "reads-again"))
    selector.register(alive, selectors.EVENT_READ)
    for _, listening in sockets:
        selector.register(listening, selectors.EVENT_READ)
    while not ending:
        for key, _ in selector.select(0.05):
            if key.fileobj is alive:
                trace(places.data, "orphan", os.getpid())
                return
            assert isinstance(key.fileobj, socket.socket)
            try:
                connection, _ = key.fileobj.accept()
            except BlockingIOError:
                continue
            with connection:
                connection.sendall(f"front {os.getpid()}\n".encode())


def nobody(name: str) -> pwd.struct_passwd:
    """Know no user, whoever is asked for."""
    raise KeyError(name)


def main() -> None:
    data = Path(sys.argv[1])
    options = json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
    doors = tuple(Door(**each) for each in options.pop("doors", []))
    pace = json.loads(sys.argv[3]) if len(sys.argv) > 3 else {}
    begun_in = os.open(".", os.O_PATH | os.O_DIRECTORY)
    following = data / "next"
    how = following.read_text() if following.exists() else ""
    try:
        left = handed_over()
        if left and how == "fails":
            sys.exit("The next program does not work.")
        if left and how == "slow":
            trace(data, "begins", os.getpid())
            while following.exists():
                time.sleep(0.02)
        if how == "is-missing":
            sys.executable = "/nowhere/python"
        programs = Programs(lambda: None, run_shard, run_front)
        users = Users(nobody)
        while True:
            keeper = Keeper(
                Places(data),
                HostOptions(doors=doors, **options),
                programs,
                Pace(**pace),
                users,
                left,
            )
            left = keeper.run()
            if left is None:
                return
            trace(data, "next", os.getpid())
            with suppress(OSError):
                left.become_program(begun_in)
    except HostError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
