"""`twin upgrade`: a real host becomes the program that is installed, and nobody who is there notices."""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.processes.hosts import PATIENCE, Host, host, stopped_host
from twin_module.testing.person import TWIN, eventually
from twin_module.testing.twins import free_port

pytestmark = pytest.mark.processes

UPGRADE = (sys.executable, "-m", "twin_module.host", "upgrade", "--force", "--data")
BROKEN = "raise ImportError('this release lacks a file')\n"


class Clients:
    """People who ask all the time, each after the answer to what they asked before."""

    def __init__(self, running: Host, port: int) -> None:
        self.wrong: list[str] = []
        self.written: dict[str, list[str]] = {name: [] for name in running.names}
        self.rooms: dict[str, str] = {}
        self._host = running
        self._port = port
        self._over = threading.Event()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        for name in self._host.names:
            owner = self._host.owner(name)
            self.rooms[name] = owner.post("collections", {"name": "Groceries"})["room_id"]
        people = [threading.Thread(target=self._write, args=(name,)) for name in self.written]
        people.append(threading.Thread(target=self._look))
        for person in people:
            person.start()
        try:
            yield
        finally:
            self._over.set()
            for person in people:
                person.join()

    def _write(self, name: str) -> None:
        owner, room = self._host.owner(name), self.rooms[name]
        while not self._over.is_set():
            uid = f"{name}-{len(self.written[name])}"
            try:
                answer = owner.ask(
                    "PUT", f"rooms/{room}/tasks/{uid}", {"@type": "Task", "title": "Buy bread"}
                )
            except Exception as error:  # noqa: BLE001 - all that goes wrong is what is looked for
                self.wrong.append(f"{uid}: {error!r}")
                return
            if answer.status >= 300:
                # A twin says of itself that it is starting; that is an answer.
                if answer.status != 503:
                    self.wrong.append(f"{uid}: {answer.status} {answer.body}")
                time.sleep(0.05)
                continue
            self.written[name].append(uid)

    def _look(self) -> None:
        while not self._over.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
            try:
                server_name = self._host.owner("alice").server_name
                connection.request("GET", f"{TWIN}/card", headers={"Host": server_name})
                status = connection.getresponse().status
                if status not in {200, 503}:
                    self.wrong.append(f"door: {status}")
            except Exception as error:  # noqa: BLE001 - see above
                self.wrong.append(f"door: {error!r}")
                return
            finally:
                connection.close()

    def await_more(self) -> None:
        before = {name: len(uids) for name, uids in self.written.items()}
        eventually(
            lambda: (
                self.wrong or all(len(self.written[name]) > before[name] + 3 for name in before)
            ),
            within=PATIENCE,
            what="all go on",
        )


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stderr.startswith("twin: ")
    for word in words:
        assert word in done.stderr


def test_a_host_is_upgraded_while_people_write_and_nothing_is_refused_or_lost(
    tmp_path: Path,
) -> None:
    port = free_port()
    with host("alice", "bob", doors=[{"port": port, "tls": False}]) as running:
        clients = Clients(running, port)
        before = running.status()["keeper"]
        key = tmp_path / "owner.key"
        set_up = running.command(
            "backup", "alice", "--to", str(tmp_path / "backups"), "--new-key", str(key)
        )
        assert set_up.returncode == 0, set_up.stderr
        with clients.at_work():
            clients.await_more()
            done = running.command("upgrade", "--force", "--json")
            assert done.returncode == 0, done.stderr + running.log_tail()
            clients.await_more()
        said = told(done)
        assert clients.wrong == []
        assert said["backups"] == ["alice"]
        assert (
            said["versions"]["twin-module"]["runs"] == said["versions"]["twin-module"]["installed"]
        )
        assert said["keeper"]["pid"] == before["pid"]
        assert said["keeper"]["renewals"] == 1
        assert {name: each["state"] for name, each in said["twins"].items()} == {
            "alice": "up",
            "bob": "up",
        }
        for name, uids in clients.written.items():
            objects = running.owner(name).get(f"rooms/{clients.rooms[name]}/objects", limit=1000)[
                "objects"
            ]
            assert {each["uid"] for each in objects} >= set(uids)


def test_what_can_not_be_done_is_one_sentence_and_changes_nothing(tmp_path: Path) -> None:
    with host("alice") as running:
        refused(running.command("upgrade"), "Nothing changed")
        checked = running.command("upgrade", "--force", "--check")
        assert checked.returncode == 0, checked.stderr
        assert "can take the place" in checked.stdout
        (tmp_path / "h11.py").write_text(BROKEN)
        broken = running.command("upgrade", "--force", env={"PYTHONPATH": str(tmp_path)})
        refused(broken, "does not start", "this release lacks a file", "Nothing was changed")
        options = running.places.options.read_text()
        running.places.options.write_text("memory_mb: much")
        refused(running.command("upgrade", "--force"), "memory_mb", "Nothing was changed")
        running.places.options.write_text(options)
        assert running.status()["keeper"]["renewals"] == 0


def test_a_twin_that_does_not_come_up_is_said_with_its_reason_and_harms_no_other() -> None:
    with host("alice", "bob") as running:
        config = running.places.folder("bob") / "homeserver.yaml"
        config.write_text(config.read_text().replace("bob.twin.test", "eve.twin.test"))
        done = running.command("upgrade", "--force", "--json")
        assert done.returncode == 1
        twins = told(done)["twins"]
        assert twins["alice"]["state"] == "up"
        assert twins["bob"]["state"] == "failed"
        assert "eve.twin.test" in twins["bob"]["why"]
        running.owner("alice").ready()


def test_a_program_that_dies_at_its_start_is_said_with_the_way_back(tmp_path: Path) -> None:
    with stopped_host() as running:
        running.make("alice")
        running.start(before=["env", f"PYTHONPATH={tmp_path}"])
        running.settle()
        (tmp_path / "h11.py").write_text(BROKEN)
        done = running.command("upgrade", "--force")
        refused(done, "ended at its start", "pip install 'twin-module==", "twin up")
        assert running.process is not None
        assert running.process.wait(PATIENCE) == 1
        assert "this release lacks a file" in running.output.read_text()
        (tmp_path / "h11.py").unlink()
        running.start()
        running.owner("alice").ready()


def test_a_host_that_is_killed_in_the_middle_comes_up_again_with_all_that_was_said() -> None:
    with host("alice") as running:
        alice = running.owner("alice")
        room = alice.post("collections", {"name": "Groceries"})["room_id"]
        alice.put(f"rooms/{room}/tasks/one", {"@type": "Task", "title": "Buy bread"})
        shard = running.shard("alice")
        with subprocess.Popen(
            [*UPGRADE, str(running.data)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as upgrading:
            eventually(lambda: "changes its program" in running.log_tail(), within=PATIENCE)
            running.kill()
            _, said = upgrading.communicate(timeout=PATIENCE)
        assert upgrading.returncode == 1
        assert said.startswith("twin: ")
        assert "Traceback" not in said
        eventually(lambda: shard not in running.processes(), within=PATIENCE)
        running.start()
        running.owner("alice").ready()
        found = running.owner("alice").get(f"rooms/{room}/tasks/one")
        assert found["content"]["title"] == "Buy bread"


def test_of_two_upgrades_at_once_one_is_refused_and_the_host_is_well() -> None:
    with host("alice") as running:
        both = [
            subprocess.Popen([*UPGRADE, str(running.data)], stderr=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        said = [each.communicate(timeout=PATIENCE)[1] for each in both]
        assert sorted(each.returncode for each in both) == [0, 1], said
        assert any("Another `twin upgrade` is under way" in each for each in said)
        assert running.status()["keeper"]["renewals"] == 1
        running.owner("alice").ready()


def test_without_a_host_it_says_so() -> None:
    with stopped_host() as running:
        running.make("alice")
        refused(running.command("upgrade"), "No host runs")
