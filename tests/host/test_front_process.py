"""The front as a process of its own, forked as the keeper forks it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.host.certificates import write_certificate
from tests.host.front_stage import (
    ALICE,
    PATIENCE,
    Client,
    LoopThread,
    Twin,
    echo,
    hello_for,
    names_in,
    trusting_nobody,
)
from twin_module.host.places import Places
from twin_module.host.table import Entry, changing_table
from twin_module.testing.person import eventually
from twin_module.testing.processes import runs

# Forks as the keeper does: prints the front's process, holds the other end of `alive` until its own end.
KEEPER = """
import os, socket, sys
from pathlib import Path
from twin_module.host.front.process import run_front
from twin_module.host.keeper.children import fork
from twin_module.host.options import Door
from twin_module.host.places import Places

data, *numbers = sys.argv[1:]
os.chdir(data)
sockets = [
    (Door(port=1, tls=tls), socket.socket(fileno=int(number)))
    for number, tls in zip(numbers, (False, True))
]
ours, theirs = socket.socketpair()
kept = [theirs.fileno(), *(each.fileno() for _, each in sockets)]
pid = fork(lambda: run_front(Places(Path(data)), sockets, theirs), kept)
theirs.close()
print(pid, flush=True)
sys.stdin.read()
ours.close()
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


@dataclass
class Host:
    places: Places
    keeper: "subprocess.Popen[str]"
    front: int
    plain: int
    tls: int
    twin: Twin

    def end_of_front(self) -> str:
        """Return the status with which the front ended; the keeper ends then too."""
        assert self.keeper.stdout is not None
        return self.keeper.stdout.readline().strip()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.chdir(tmp_path)
    places = Places(tmp_path)
    places.run.mkdir()
    (tmp_path / "certificates").mkdir()
    write_certificate(tmp_path / "certificates" / ALICE, ALICE)
    with changing_table(tmp_path) as table:
        table["alice"] = Entry("alice", ALICE)
    thread, twin = LoopThread(), Twin(ALICE, echo)
    thread.run(twin.listen(places))
    doors = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    numbers = [each.fileno() for each in doors]
    keeper = subprocess.Popen(
        [sys.executable, "-c", KEEPER, str(tmp_path), *map(str, numbers)],
        pass_fds=numbers,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    ports = [each.getsockname()[1] for each in doors]
    for each in doors:
        each.close()
    assert keeper.stdout is not None
    assert keeper.stdin is not None
    try:
        yield Host(places, keeper, int(keeper.stdout.readline()), ports[0], ports[1], twin)
    finally:
        keeper.stdin.close()
        keeper.wait(PATIENCE)
        keeper.stdout.close()
        thread.run(twin.leave())
        thread.end()


def test_it_answers_and_ends_politely_when_told_to(host: Host) -> None:
    with Client(host.plain) as client, Client(host.tls, trusting_nobody(), ALICE) as secret:
        assert client.get().status == 200
        assert secret.get().status == 200
        os.kill(host.front, signal.SIGTERM)
        assert client.rest() == b""
    assert host.keeper.stdin is not None
    host.keeper.stdin.close()
    assert host.end_of_front() == "0"


def test_it_ends_with_the_keeper(host: Host) -> None:
    with Client(host.plain) as client:
        assert client.get().status == 200
        host.keeper.kill()
        assert client.rest() == b""
    # Its doors are free for the next one.
    eventually(lambda: not runs(host.front))


def test_a_signal_makes_it_read_certificates_again(host: Host) -> None:
    with Client(host.tls, trusting_nobody(), ALICE) as before:
        assert names_in(before) == [ALICE]
        write_certificate(host.places.data / "certificates" / ALICE, ALICE, "new.example.org")
        os.kill(host.front, signal.SIGHUP)

        def shown() -> list[str]:
            with Client(host.tls, trusting_nobody(), ALICE) as client:
                return names_in(client)

        eventually(lambda: shown() == [ALICE, "new.example.org"])
        assert before.get().status == 200


def test_what_it_has_to_say_is_in_the_log_of_the_host(host: Host) -> None:
    (host.places.data / "certificates" / f"{ALICE}.pem").write_text("none")
    with pytest.raises(OSError, match=r"(?i)internal"):
        Client(host.tls, trusting_nobody(), ALICE)
    eventually(lambda: "ERROR twin_module.host.front.certificates: " in host.places.log.read_text())
    assert host.places.log.stat().st_mode & 0o777 == 0o600


def test_a_name_in_no_letters_is_an_alert_and_no_line_in_the_log(host: Host) -> None:
    with Client(host.tls) as client:
        # An alert, of TLS 1.2 or later.
        assert client.write(hello_for(b"\xff\xfeSECRET")).rest().startswith(b"\x15\x03")
    with Client(host.tls, trusting_nobody(), ALICE) as client:
        assert client.get().status == 200
    assert host.places.log.read_text() == ""


def test_ctrl_c_is_the_keepers_matter(host: Host) -> None:
    os.kill(host.front, signal.SIGINT)
    with Client(host.plain) as client:
        assert client.get().status == 200
