"""`twin move` between two hosts as whole programs, with others who talk to the twin all the time."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.processes.hosts import PATIENCE, Host, Owner, stopped_host
from twin_module.host.keeper.client import ask
from twin_module.host.table import line_of, read_table
from twin_module.testing.person import CLIENT, eventually

pytestmark = pytest.mark.processes


@dataclass
class TwoHosts:
    """An old host with alice and bob, a new one with carol, and a folder that both reach."""

    old: Host
    new: Host
    folder: Path

    def let_all_reach_each_other(self) -> None:
        """Do what DNS does: let each name lead to the host where the twin listens."""
        for here, there in ((self.old, self.new), (self.new, self.old)):
            for name in (*self.old.names, *self.new.names):
                socket = f"{name}.twin.test.sock"
                mine, other = here.places.run / socket, there.places.run / socket
                if mine.is_symlink():
                    mine.unlink()
                if other.is_socket() and not other.is_symlink() and not mine.exists():
                    mine.symlink_to(other)

    def state(self, host: Host) -> str:
        """Return what a host's table says of alice."""
        return line_of(host.data, read_table(host.data), "alice").state

    def invite(self) -> str:
        return str(said(self.new.command("move", "alice", "--receive", "--json"))["invitation"])

    def leave(self, invitation: str) -> list[str]:
        return ["move", "alice", "--for", invitation, "--to", str(self.folder), "--json"]

    def arrive(self) -> list[str]:
        return ["move", "alice", "--receive", "--from", str(self.folder), "--json"]

    def finish(self) -> list[str]:
        return ["move", "alice", "--finish", str(self.folder), "--json"]


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[TwoHosts]:
    with ExitStack() as stack:
        old, new = (stack.enter_context(stopped_host()) for _ in range(2))
        old.make("alice", "bob")
        new.make("carol")
        for each in (old, new):
            each.start()
            each.settle()
        made = TwoHosts(old, new, tmp_path / "stick")
        made.let_all_reach_each_other()
        yield made


def said(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return what a command said that went well."""
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def refused(done: subprocess.CompletedProcess[str], words: str) -> None:
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    [line] = [each for each in done.stderr.splitlines() if not each.endswith("%")]
    assert words in line


def killed_when(host: Host, words: list[str], moment: Callable[[], bool]) -> bool:
    """Start a command and end it by kill -9 at a moment; False when it had ended before."""
    process = subprocess.Popen(
        [sys.executable, "-m", "twin_module.host", *words, "--data", str(host.data)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and not moment():
        pass
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def is_told(owner: Owner, room: str, *bodies: str) -> None:
    """Wait until somebody's twin has messages."""
    eventually(
        lambda: set(bodies) <= set(owner.messages(room).values()),
        within=PATIENCE,
        what=f"{owner.name} has {bodies}",
    )


def talk(hosts: TwoHosts) -> tuple[Owner, Owner, Owner, str]:
    """Let alice, bob and carol talk in a room; returns them and the room."""
    alice, bob, carol = hosts.old.owner("alice"), hosts.old.owner("bob"), hosts.new.owner("carol")
    room = alice.create_room(preset="private_chat", invite=[bob.owner, carol.owner])
    for each in (bob, carol):
        eventually(
            lambda each=each: each.join(room, alice.server_name),  # type: ignore[misc]
            within=PATIENCE,
            what=f"{each.name} has joined",
        )
    carol.say(room, "hello", "1")
    is_told(alice, room, "hello")
    return alice, bob, carol, room


def keys_of(owner: Owner) -> Any:
    return owner.bare("GET", "/_matrix/key/v2/server").ok()["verify_keys"]


def test_a_twin_that_moves_misses_nothing_and_stays_who_it_is(hosts: TwoHosts) -> None:
    alice, bob, carol, room = talk(hosts)
    keys, token, before = keys_of(alice), alice.token, alice.messages(room)
    invitation = hosts.invite()
    refused(hosts.new.command(*hosts.arrive()), "has no release")
    assert alice.bare("GET", "/_matrix/client/versions").status == 200

    left = said(hosts.old.command(*hosts.leave(invitation)))
    assert left["server_name"] == alice.server_name
    # She is nowhere now, and whoever writes to her keeps it.
    carol.say(room, "are you there?", "2")
    came = said(hosts.new.command(*hosts.arrive()))
    assert came["runs"]
    hosts.let_all_reach_each_other()

    moved = hosts.new.owner("alice")
    moved.ready()
    assert keys_of(moved) == keys
    assert (
        moved.bare(
            "GET", f"{CLIENT}/account/whoami", headers={"Authorization": f"Bearer {token}"}
        ).ok()["user_id"]
        == alice.owner
    )
    assert before.items() <= moved.messages(room).items()
    is_told(moved, room, "hello", "are you there?")
    moved.say(room, "I have moved", "3")
    for each in (bob, carol):
        is_told(each, room, "I have moved")
    bob.say(room, "welcome", "4")
    is_told(moved, room, "welcome")
    is_told(carol, room, "welcome")


def test_the_old_host_never_runs_it_again(hosts: TwoHosts) -> None:
    alice = hosts.old.owner("alice")
    socket = hosts.old.places.socket(alice.server_name)
    said(hosts.old.command(*hosts.leave(hosts.invite())))
    for words in (["up", "alice"], ["down", "alice"], ["password", "alice"], ["new", "alice"]):
        refused(hosts.old.command(*words), "lives on another host")
    refused(hosts.old.command("move", "alice", "--cancel"), "lives on another host")
    hosts.old.ask("add", "alice")
    hosts.old.stop()
    hosts.old.start()
    hosts.old.settle("bob")
    assert not socket.exists()
    [line] = [
        e for e in said(hosts.old.command("status", "--json"))["twins"] if e["name"] == "alice"
    ]
    assert line["state"] == "moved"
    said(hosts.new.command(*hosts.arrive()))
    said(hosts.old.command(*hosts.finish()))
    assert list(hosts.old.data.glob("**/signing.key")) == [
        hosts.old.places.folder("bob") / "signing.key"
    ]


def test_commands_that_are_killed_in_each_phase_are_just_run_again(hosts: TwoHosts) -> None:
    alice, _, carol, room = talk(hosts)
    keys = keys_of(alice)
    media = hosts.old.places.folder("alice") / "media" / "local_content"
    media.mkdir(parents=True, exist_ok=True)
    (media / "large").write_bytes(os.urandom(20_000_000))
    invitation = hosts.invite()
    leave, arrive = hosts.leave(invitation), hosts.arrive()

    assert killed_when(hosts.old, leave, lambda: any(hosts.folder.glob("objects/*/*.age")))
    assert hosts.state(hosts.old) == "up"
    alice.say(room, "still here", "5")

    assert killed_when(hosts.old, leave, lambda: hosts.state(hosts.old) == "moving")
    refused(hosts.new.command(*arrive), "has no release")
    refused(hosts.old.command("up", "alice"), "is on its way to another host")
    said(hosts.old.command("move", "alice", "--cancel", "--json"))
    eventually(lambda: alice.bare("GET", "/_matrix/client/versions").status == 200, within=PATIENCE)

    assert killed_when(hosts.old, leave, lambda: hosts.state(hosts.old) == "moving")
    hosts.old.kill()
    hosts.old.start()
    assert hosts.old.twin("alice")["state"] == "down"
    said(hosts.old.command(*leave))

    aside = hosts.new.places.folder(".alice.restoring")
    assert killed_when(hosts.new, arrive, aside.exists)
    assert "alice" not in ask_for_names(hosts.new)
    said(hosts.new.command(*arrive))
    hosts.let_all_reach_each_other()
    moved = hosts.new.owner("alice")
    moved.ready()
    assert keys_of(moved) == keys
    is_told(moved, room, "hello", "still here")
    carol.say(room, "welcome", "6")
    is_told(moved, room, "welcome")
    killed_when(hosts.old, hosts.finish(), lambda: False)
    said(hosts.old.command(*hosts.finish()))


def ask_for_names(host: Host) -> set[str]:
    """Return which twins a host runs."""
    return {each["name"] for each in ask(host.places, {"do": "status"})["twins"]}
