"""`twin up`: what a person at a machine sees."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from tests.processes.conftest import Starter, Up
from twin_module.host.table import read_table
from twin_module.testing.person import Answer, Person, eventually, request
from twin_module.web.pages import BUILT

pytestmark = pytest.mark.processes


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "twin_module.host", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def assert_one_clear_line(result: subprocess.CompletedProcess[str], *words: str) -> None:
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.stdout + result.stderr
    for word in words:
        assert word in result.stderr


def is_back(running: Up, alice: Person, victim: int) -> bool:
    try:
        answers = alice.ask("GET", "status").status == 200
    except OSError:
        return False
    return answers and running.child("alice") != victim


def page_of(running: Up, name: str) -> tuple[str, str]:
    """Return the address of somebody's page as it is printed, and the token in it."""
    [address] = re.findall(rf"^  {name}\n    open +(\S+)", running.output(), re.MULTILINE)
    page, _, token = address.partition("#sign-in=")
    return page, token


def sign_in(alice: Person, token: str) -> Answer:
    """Sign in with a one-time token as any Matrix client does."""
    body = {"type": "m.login.token", "token": token}
    return request(alice.url, "POST", "/_matrix/client/v3/login", body)


def test_it_says_where_everything_is_but_no_secret_beside_the_one_time_links(up: Starter) -> None:
    running = up("alice,bob").await_ready()
    said = running.output()
    for entry in read_table(running.data).values():
        _, token = page_of(running, entry.name)
        assert said.count(token) == 1
        for log in (running.data / entry.name).glob("*.log"):
            assert token not in log.read_text()
        password = running.data / entry.name / "owner.password"
        for fact in (
            entry.server_name,
            f"@{entry.name}:{entry.server_name}",
            str(password),
            f"http://localhost:{entry.client_port}/_synapse/client/twin/v1/",
        ):
            assert fact in said
        secret = password.read_text().strip()
        assert stat.S_IMODE(password.stat().st_mode) == 0o600
        assert secret not in said
        for log in (running.data / entry.name).glob("*.log"):
            assert secret not in log.read_text()
    assert running.stop() == 0


def test_the_address_that_is_printed_opens_the_page_and_signs_in_once(up: Starter) -> None:
    running = up().await_ready()
    alice = running.person("alice")
    page, token = page_of(running, "alice")
    assert page == f"http://localhost:{urlsplit(alice.url).port}/_synapse/client/twin/"
    opened = request(page, "GET", urlsplit(page).path)
    # Without Node.js there is a page that says how to get the page.
    assert opened.status == (200 if (BUILT / "index.html").is_file() else 503)
    assert opened.headers["content-type"] == "text/html; charset=utf-8"
    signed_in = sign_in(alice, token).ok()
    assert signed_in["user_id"] == alice.owner
    assert Person(alice.url, alice.owner, str, signed_in["access_token"]).get("status")
    assert sign_in(alice, token).status == 403


def test_every_start_prints_another_address(up: Starter) -> None:
    first = up().await_ready()
    page, token = page_of(first, "alice")
    first.stop()
    second = up(data=first.data).await_ready()
    page_again, another = page_of(second, "alice")
    assert page_again == page
    assert another not in ("", token)
    assert sign_in(second.person("alice"), another).status == 200


def test_whose_password_is_another_by_now_gets_the_address_of_their_page(up: Starter) -> None:
    first = up().await_ready()
    page, _ = page_of(first, "alice")
    first.stop()
    (first.data / "alice" / "owner.password").write_text("what it was long ago")
    second = up(data=first.data).await_ready()
    assert page_of(second, "alice") == (page, "")
    assert "signs you in" not in second.output()


def test_every_secret_of_a_twin_is_for_its_owner_alone(up: Starter) -> None:
    running = up().await_ready()
    folder = running.data / "alice"
    secrets = [
        "owner.password",
        "signing.key",
        "macaroon.key",
        "form.key",
        "tls.key",
        "homeserver.yaml",
    ]
    for name in secrets:
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600, name
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((running.data / "ca.key").stat().st_mode) == 0o600


def test_a_second_start_finds_everything_again(up: Starter) -> None:
    first = up("alice,bob").await_ready()
    alice = first.person("alice")
    room = alice.post("collections", {"name": "Groceries"})["room_id"]
    uid = alice.command("tasks", "add", room_id=room, title="Buy bread")["objects"][0]["uid"]
    entries, card = read_table(first.data), alice.get("card")["verify_keys"]
    assert first.stop() == 0
    second = up("alice,bob", data=first.data).await_ready()
    assert read_table(second.data) == entries
    alice = second.person("alice")
    assert alice.get("card")["verify_keys"] == card
    assert alice.get(f"rooms/{room}/tasks/{uid}")["content"]["title"] == "Buy bread"


def test_nothing_acknowledged_is_lost_when_a_twin_is_killed_while_it_writes(up: Starter) -> None:
    running = up().await_ready()
    alice = running.person("alice")
    room = alice.post("collections", {"name": "Groceries"})["room_id"]
    acknowledged = []
    for round_ in range(3):
        victim = running.child("alice")
        for number in range(12):
            answer = alice.ask(
                "PUT", f"rooms/{room}/tasks/{round_}-{number}", {"@type": "Task", "title": "x"}
            )
            acknowledged.append(answer.ok()["uid"])
            if number == 11:
                os.kill(victim, signal.SIGKILL)

        eventually(partial(is_back, running, alice, victim), within=120, what="the twin is back")
    objects = alice.get(f"rooms/{room}/objects", limit=1000)["objects"]
    assert {each["uid"] for each in objects} == set(acknowledged)
    state = alice.get(f"/_matrix/client/v3/rooms/{quote(room)}/state")
    current = {e["state_key"]: e["event_id"] for e in state if e["type"] == "org.digitaltwin.task"}
    assert {each["uid"]: each["etag"] for each in objects} == current
    assert "ended with status -9" in (running.data / "host.log").read_text()


def test_twins_end_with_the_program_that_started_them_even_by_kill_9(up: Starter) -> None:
    first = up("alice,bob").await_ready()
    alice = first.person("alice")
    room = alice.post("collections", {"name": "Groceries"})["room_id"]
    alice.put(f"rooms/{room}/tasks/one", {"@type": "Task", "title": "Buy bread"})
    first.kill()
    second = up("alice,bob", data=first.data).await_ready()
    found = second.person("alice").get(f"rooms/{room}/tasks/one")
    assert found["content"]["title"] == "Buy bread"


@pytest.mark.parametrize("moment", ["twins.json", "alice/homeserver.db", "alice/owner.password"])
def test_a_first_start_that_is_killed_anywhere_is_finished_by_the_next(
    up: Starter, moment: str
) -> None:
    first = up()
    eventually((first.data / moment).exists, within=120, what=f"{moment} is there")
    first.kill()
    second = up(data=first.data).await_ready()
    alice = second.person("alice")
    indexes = alice.get("collections", kind="index")["collections"]
    eventually(lambda: len(alice.get("collections", kind="index")["collections"]) == 1, within=180)
    assert len(indexes) <= 1


def test_a_start_that_is_interrupted_stops_cleanly(up: Starter) -> None:
    running = up()
    eventually((running.data / "alice" / "homeserver.db").exists, within=120)
    assert running.stop() == 0
    assert "Traceback" not in running.output()


def test_a_twin_added_later_federates_with_the_earlier_ones(up: Starter) -> None:
    first = up("alice").await_ready()
    first.stop()
    second = up("alice,carol", data=first.data).await_ready()
    alice, carol = second.person("alice"), second.person("carol")
    alice.command("circles", "create", name="Friends", members={carol.owner: "viewer"})
    eventually(lambda: carol.get("invitations")["invitations"], what="carol is invited")


def test_a_port_that_is_taken_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (tmp_path / "twins.json").write_text(
            json.dumps({"alice": {"client_port": 1, "federation_port": port}})
        )
        ports = {"client_port": port, "federation_port": port}
        (tmp_path / "twins.json").write_text(json.dumps({"alice": ports}))
        result = run("up", "--data", str(tmp_path), "--twins", "alice")
    assert_one_clear_line(result, str(port), "taken")


def test_a_second_up_on_the_same_data_is_one_clear_line(up: Starter) -> None:
    running = up().await_ready()
    assert_one_clear_line(run("up", "--data", str(running.data)), "up already")
    assert running.person("alice").ask("GET", "status").status == 200


def test_a_data_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert_one_clear_line(run("up", "--data", str(file / "data")), "can't be written", "--data")


def test_a_name_that_is_no_name_is_one_clear_line(tmp_path: Path) -> None:
    assert_one_clear_line(
        run("up", "--data", str(tmp_path), "--twins", "alice,../bob"), "'../bob'", "lower-case"
    )


def test_ports_that_nobody_wrote_are_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "twins.json").write_text('{"alice": 1}')
    assert_one_clear_line(run("up", "--data", str(tmp_path)), "twins.json")


def test_a_twin_that_cannot_start_is_said_and_harms_no_other(up: Starter, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "alice"
    folder.mkdir(parents=True)
    (folder / "signing.key").write_text("this is no key")
    running = up("alice,bob").await_ready()
    assert "alice can't start and is tried again: " in running.output()
    assert "Traceback" not in running.output()
    assert running.person("bob").get("status")
    result = run("status", "--data", str(running.data), "--json")
    states = {each["name"]: each["state"] for each in json.loads(result.stdout)["twins"]}
    assert states == {"alice": "failing", "bob": "awake"}


def test_reindex_makes_a_running_twin_read_its_rooms_again(up: Starter) -> None:
    running = up().await_ready()
    alice = running.person("alice")
    alice.post("collections", {"name": "Groceries"})
    before = alice.get("status")["position"]
    result = run("reindex", str(running.data / "alice" / "homeserver.yaml"))
    assert result.returncode == 0, result.stderr
    eventually(
        lambda: (alice.get("status")["position"] or 0) >= before, what="the twin has read again"
    )
    assert len(alice.get("collections")["collections"]) == 1


def test_reindex_of_what_is_no_twin_is_one_clear_line(tmp_path: Path) -> None:
    assert_one_clear_line(run("reindex", str(tmp_path / "missing.yaml")), "can't be read")
    config = tmp_path / "homeserver.yaml"
    config.write_text("server_name: example.org\n")
    assert_one_clear_line(run("reindex", str(config)), "no database")
    config.write_text(f"database: {{name: sqlite3, args: {{database: {tmp_path}/none.db}}}}\n")
    assert_one_clear_line(run("reindex", str(config)), "none.db")


def test_nothing_alarming_stands_in_any_log_after_a_first_start(up: Starter) -> None:
    running = up("alice,bob").await_ready()
    running.stop()
    logs = [running.data / "host.log", *running.data.glob("*/homeserver.log")]
    said = "".join(log.read_text() for log in logs)
    assert len(logs) == 3
    for word in ("ERROR", "CRITICAL", "Traceback", "Unhandled", "already registered"):
        assert word not in said, said
