"""A running keeper becomes another program: who connects meanwhile waits, and is answered by the next one."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.host.keeper_stage import PROGRAM, REPOSITORY, Stage, heard, stage
from twin_module.host.errors import HostError
from twin_module.host.keeper.handover import VARIABLE
from twin_module.testing.person import eventually
from twin_module.testing.processes import runs
from twin_module.testing.twins import free_port

SHORT = {"tenancy": 0.1, "hurry": 0.2, "fresh": 0.2, "first_pause": 0.2, "front_first_pause": 0.1}


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path / "data", ["alice", "bob"]) as found:
        yield found


class Crowd:
    """People who connect all the time, each after the answer to what they said before."""

    def __init__(self, talks: dict[str, Callable[[], list[str]]]) -> None:
        self.answers: dict[str, list[str]] = {name: [] for name in talks}
        self.wrong: list[str] = []
        self._over = threading.Event()
        self._people = [
            threading.Thread(target=self._talk, args=(name, talk)) for name, talk in talks.items()
        ]

    def _talk(self, name: str, talk: Callable[[], list[str]]) -> None:
        while not self._over.is_set():
            try:
                answer = talk()
            except OSError as error:
                self.wrong.append(f"{name}: {error!r}")
                return
            if not answer:
                self.wrong.append(f"{name}: no answer")
                return
            self.answers[name].append(answer[1])

    @contextmanager
    def talking(self) -> Iterator["Crowd"]:
        for person in self._people:
            person.start()
        try:
            yield self
        finally:
            self._over.set()
            for person in self._people:
                person.join()

    def await_more(self) -> None:
        """Wait until each of them has got some answers more."""
        before = {name: len(got) for name, got in self.answers.items()}
        eventually(
            lambda: (
                self.wrong or all(len(self.answers[name]) > before[name] + 5 for name in before)
            ),
            what="all are answered",
        )


def at_the_door(port: int) -> list[str]:
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        return heard(connection)


def renewals(host: Stage) -> int:
    return int(host.status()["keeper"]["renewals"])


def await_renewals(host: Stage, number: int) -> None:
    eventually(lambda: renewals(host) == number, what="the next program answers")


def renew(host: Stage) -> dict[str, Any]:
    assert host.ask("renew") == {"renews": True}
    await_renewals(host, 1)
    return host.status()


def test_nobody_is_refused_while_the_program_changes(two: Stage) -> None:
    port = free_port()
    two.start_quietly({"doors": [{"port": port, "tls": False}]}, SHORT)
    before = two.status()
    crowd = Crowd(
        {
            "alice": lambda: two.say("alice"),
            "bob": lambda: two.say("bob"),
            "door": lambda: at_the_door(port),
        }
    )
    with crowd.talking():
        crowd.await_more()
        after = renew(two)
        crowd.await_more()
    assert crowd.wrong == []
    assert after["keeper"]["pid"] == before["keeper"]["pid"]
    assert after["front"]["pid"] != before["front"]["pid"]
    for got in crowd.answers.values():
        assert len(set(got)) >= 2, "another process answers now"
    eventually(lambda: all(each["was_awake"] for each in two.twins().values()))
    assert {line[1] for line in two.trace("load") if line[3] == "True"} == {"alice", "bob"}


def test_it_can_be_done_again_and_again_and_leaves_nothing_open(two: Stage) -> None:
    two.start_quietly({"doors": [{"port": free_port(), "tls": False}]}, SHORT)
    assert two.process is not None
    descriptors = Path(f"/proc/{two.process.pid}/fd")

    eventually(two.asleep, what="all sleep")
    before = len(list(descriptors.iterdir()))
    for number in range(1, 4):
        two.ask("renew")
        await_renewals(two, number)
        assert two.say("alice")[0] == "alice"
    two.sleep_all()
    # Connections of questions come and go.
    eventually(lambda: len(list(descriptors.iterdir())) == before, what="nothing is left open")
    two.stop()
    assert list(two.places.run.iterdir()) == []


def test_who_comes_while_the_next_program_begins_waits_for_it(two: Stage) -> None:
    port = free_port()
    two.start_quietly({"doors": [{"port": port, "tls": False}]}, SHORT)
    (two.places.data / "next").write_text("slow")
    two.ask("renew")
    eventually(lambda: two.trace("begins"), what="the next program begins")
    # Nobody takes connections now.
    with (
        two.connect("alice") as twin,
        socket.create_connection(("127.0.0.1", port), 60) as door,
        socket.socket(socket.AF_UNIX) as command,
    ):
        command.connect(str(two.places.control))
        command.sendall(b'{"do": "wake", "name": "bob"}\n')
        (two.places.data / "next").unlink()
        assert heard(twin)[0] == "alice"
        assert heard(door)[0] == "front"
        assert json.loads(command.makefile().readline())["state"] == "awake"


def test_a_second_wish_meanwhile_is_refused_in_a_sentence(two: Stage) -> None:
    two.start_quietly(pace={**SHORT, "stop": 3.0})
    two.say("alice")
    (two.places.data / "never-end").touch()
    with socket.socket(socket.AF_UNIX) as first:
        first.connect(str(two.places.control))
        first.sendall(b'{"do": "renew"}\n')
        eventually(lambda: two.trace("stopped"), what="the shards are to end")
        with pytest.raises(HostError, match="changes its program already"):
            two.ask("renew")
        with pytest.raises(HostError, match="changes its program just now"):
            two.ask("up", "alice")
        assert json.loads(first.makefile().readline()) == {"renews": True}
    eventually(lambda: renewals(two) == 1, what="the next program answers")


def test_a_stop_meanwhile_ends_the_host(two: Stage) -> None:
    two.start_quietly(pace={**SHORT, "stop": 1.0})
    two.say("alice")
    (two.places.data / "never-end").touch()
    with socket.socket(socket.AF_UNIX) as first:
        first.connect(str(two.places.control))
        first.sendall(b'{"do": "renew"}\n')
        eventually(lambda: two.trace("stopped"), what="the shards are to end")
        assert two.process is not None
        two.process.send_signal(signal.SIGTERM)
        assert two.wait()[0] == 0
    assert two.trace("next") == []
    assert list(two.places.run.iterdir()) == []


def test_a_program_that_can_not_be_started_leaves_the_one_that_runs(two: Stage) -> None:
    (two.places.data / "next").write_text("is-missing")
    two.start_quietly(pace=SHORT)
    two.ask("renew")
    eventually(lambda: two.trace("next"), what="it was tried")
    assert two.say("alice")[0] == "alice"
    assert renewals(two) == 0
    two.stop()
    assert list(two.places.run.iterdir()) == []


def test_after_a_program_that_fails_the_folder_is_free_for_one_that_works(two: Stage) -> None:
    two.start_quietly(pace=SHORT)
    children = [int(two.say("alice")[1])]
    (two.places.data / "next").write_text("fails")
    two.ask("renew")
    assert two.wait() == (1, "The next program does not work.\n")
    assert not any(runs(pid) for pid in children)
    (two.places.data / "next").unlink()
    two.start()
    assert two.say("alice")[0] == "alice"


@pytest.mark.parametrize("moment", ["stopped", "next"])
def test_a_kill_in_the_middle_leaves_nothing_that_hinders_the_next_start(
    two: Stage, moment: str
) -> None:
    two.start_quietly(pace=SHORT)
    children = [*two.children(), int(two.say("alice")[1])]
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(str(two.places.control))
        control.sendall(b'{"do": "renew"}\n')
        eventually(lambda: two.trace(moment), what="it is in the middle")
        two.kill()
    eventually(lambda: not any(runs(pid) for pid in children), what="they end")
    two.start()
    assert two.say("alice")[0] == "alice"


def test_what_the_table_no_longer_has_is_closed_by_the_next_program(two: Stage) -> None:
    port = free_port()
    two.table["bob"] |= {"client_port": port, "federation_port": free_port()}
    two.write_table()
    two.start_quietly(pace=SHORT)
    two.table["bob"]["state"] = "down"
    two.write_table()
    renew(two)
    assert two.say("alice")[0] == "alice"
    assert not two.places.socket("bob.example.org").exists()
    with pytest.raises(ConnectionRefusedError):
        at_the_door(port)


@pytest.mark.parametrize("value", ["0", "999", "nothing"])
def test_a_variable_that_no_host_set_is_refused_in_a_sentence(tmp_path: Path, value: str) -> None:
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), VARIABLE: value},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        1,
        f"{VARIABLE} is for the host's own use; unset it.\n",
    )


def test_systemd_is_told_of_the_start_the_change_and_the_end(two: Stage, tmp_path: Path) -> None:
    # A short name: addresses of sockets are short by law.
    address = f"@{os.getpid()}-{time.monotonic_ns()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + address[1:])
        manager.settimeout(60)
        two.environment["NOTIFY_SOCKET"] = address
        two.start(pace=SHORT)
        assert manager.recv(4096) == b"READY=1"
        two.say("alice")
        renew(two)
        reloading, moment = manager.recv(4096).decode().splitlines()
        assert reloading == "RELOADING=1"
        assert 0 < int(moment.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000
        assert manager.recv(4096) == b"READY=1"
        two.stop()
        assert manager.recv(4096) == b"STOPPING=1"


def test_the_folder_of_sockets_is_for_passing_whatever_the_umask_is(two: Stage) -> None:
    before = os.umask(0o077)
    try:
        two.start()
    finally:
        os.umask(before)
    assert two.places.run.stat().st_mode & 0o777 == 0o710
