"""Several twins on this machine for trying out: made, started, watched, stopped."""

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from twin_module.host.certificates import ensure_ca, ensure_leaf
from twin_module.host.configuration import TwinFacts
from twin_module.host.errors import HostError
from twin_module.host.folder import prepare
from twin_module.host.lock import FolderLock
from twin_module.host.process import API, TwinProcess
from twin_module.host.registry import Entry, ensure_entries, is_free, read_entries

LOOK_SECONDS: Final = 0.2
STOP_SECONDS: Final = 30
EARLIER_SECONDS: Final = 60
"""How long the twins of an earlier start, which was killed, may take to end."""
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
STEADY_SECONDS: Final = 60.0


def up(data: Path, names: Sequence[str]) -> None:
    """Bring up the twins of a data folder, and stay until a signal says to end.

    Raises:
        HostError: something of the machine is in the way.
    """
    _ensure_folder(data)
    lock = FolderLock(data / "up.lock")
    if not lock.take():
        raise HostError(f"The twins in {data} are up already; another `up` runs there.")
    with lock, asked_to_end() as end:
        twins = _prepare(data, names)
        try:
            for twin in twins:
                twin.start()
            if _await(twins, end):
                _say(_summary(twins, data))
                _watch(twins, end)
        finally:
            _stop(twins)


def _ensure_folder(data: Path) -> None:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = data / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise HostError(
            f"The data folder {data} can't be written: {error.strerror}. Choose another with --data."
        ) from None


class End:
    """Whether somebody asked this program to end.

    A plain flag: an event of `threading` has a lock, which the signal may find taken by the very
    thread that it interrupts.
    """

    def __init__(self) -> None:
        self._asked = False

    def ask(self, *_: object) -> None:
        """Take note, as the handler of a signal."""
        self._asked = True

    def wait(self, seconds: float) -> bool:
        """Let some time pass, and tell whether somebody asked."""
        if not self._asked:
            time.sleep(seconds)
        return self._asked


@contextmanager
def asked_to_end() -> Iterator[End]:
    """Turn Ctrl-C and a polite kill into a flag, instead of an exception at any line."""
    end = End()
    kinds = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(kind, end.ask) for kind in kinds]
    try:
        yield end
    finally:
        for kind, handler in zip(kinds, before, strict=True):
            signal.signal(kind, handler)


def _prepare(data: Path, names: Sequence[str]) -> list[TwinProcess]:
    entries = ensure_entries(data, names)
    for entry in entries:
        (data / entry.name).mkdir(mode=0o700, exist_ok=True)
        _await_earlier(data / entry.name)
        _check_ports(entry, data)
    now = datetime.now(UTC)
    ca = ensure_ca(data, now)
    peers = tuple(entry.server_name for entry in read_entries(data))
    twins = []
    for entry in entries:
        folder = data / entry.name
        if not (folder / "homeserver.db").exists():
            _say(f"Making {entry.name}'s twin in {folder}")
        certificate, key = ensure_leaf(folder, ca, now)
        prepare(
            TwinFacts(
                owner=entry.name,
                server_name=entry.server_name,
                folder=folder,
                client_port=entry.client_port,
                federation_port=entry.federation_port,
                tls_certificate=certificate,
                tls_key=key,
                ca_file=ca[0],
                peers=peers,
            )
        )
        twins.append(TwinProcess(entry, folder, ca[0]))
    return twins


def _await_earlier(folder: Path) -> None:
    lock = FolderLock(folder / "running.lock")
    until = time.monotonic() + EARLIER_SECONDS
    said = False
    while not lock.take():
        if time.monotonic() > until:
            raise HostError(f"Another process runs the twin in {folder}; stop it.")
        if not said:
            _say(f"Waiting for the twin of an earlier start in {folder} to end")
            said = True
        time.sleep(LOOK_SECONDS)
    lock.release()


def _check_ports(entry: Entry, data: Path) -> None:
    for port in (entry.client_port, entry.federation_port):
        if not is_free(port):
            raise HostError(
                f"Port {port} of {entry.name}'s twin is taken by another program; stop that program. "
                f"(New twins get free ports: choose another folder than {data} with --data.)"
            )


def _await(twins: Sequence[TwinProcess], end: End) -> bool:
    """Wait until every twin serves; False when asked to end meanwhile."""
    waiting = {twin.entry.name: twin for twin in twins}
    reasons: dict[str, str] = {}
    _say(f"Starting {', '.join(waiting)} …")
    began = time.monotonic()
    while waiting and not end.wait(LOOK_SECONDS):
        for name, twin in list(waiting.items()):
            if twin.ended is not None:
                raise HostError(
                    f"{name}'s twin ended while it started: {twin.last_words()} "
                    f"(see {twin.folder}/homeserver.log and output.log)"
                )
            reason = twin.waits_for()
            if reason is None:
                del waiting[name]
                _say(f"  {name} serves after {time.monotonic() - began:.1f} s")
            elif reason != reasons.get(name) and "starting" not in reason and name in reasons:
                _say(f"  {name}: {reason}")
            reasons[name] = reason or ""
    return not waiting


def _watch(twins: Sequence[TwinProcess], end: End) -> None:
    """Start a twin again that ended by itself, after longer and longer pauses while it keeps ending."""
    pauses = {twin.entry.name: FIRST_PAUSE for twin in twins}
    started = {twin.entry.name: time.monotonic() for twin in twins}
    due: dict[str, float] = {}
    while not end.wait(LOOK_SECONDS):
        for twin in twins:
            name, now = twin.entry.name, time.monotonic()
            if twin.ended is None:
                continue
            if name not in due:
                if now - started[name] > STEADY_SECONDS:
                    pauses[name] = FIRST_PAUSE
                _say(
                    f"{name}'s twin ended with status {twin.ended}; it starts again in {pauses[name]:.0f} s"
                )
                due[name] = now + pauses[name]
                pauses[name] = min(pauses[name] * 2, LONGEST_PAUSE)
            elif now >= due[name]:
                del due[name]
                started[name] = now
                twin.start()


def _stop(twins: Sequence[TwinProcess]) -> None:
    _say("Stopping …")
    for twin in twins:
        twin.stop()
    for twin in twins:
        twin.wait(STOP_SECONDS)
    _say("All twins have stopped.")


def _summary(twins: Sequence[TwinProcess], data: Path) -> str:
    lines = ["", "The twins are up. Ctrl-C stops them."]
    for twin in twins:
        entry, url = twin.entry, f"http://localhost:{twin.entry.client_port}"
        page = twin.sign_in_path()
        once = "  (signs you in, once, within ten minutes)" if "#" in page else ""
        lines += [
            "",
            f"  {entry.name}",
            f"    open           {url}{page}{once}",
            f"    server name    {entry.server_name}",
            f"    owner          @{entry.name}:{entry.server_name}",
            f"    password       in {twin.folder / 'owner.password'}",
            f"    Matrix client  {url}  (the homeserver URL to sign in at)",
            f"    API            {url}{API}",
        ]
    return "\n".join([*lines, ""])


def _say(text: str) -> None:
    print(text, flush=True, file=sys.stdout)
