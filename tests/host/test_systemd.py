"""The units that are shipped are what systemd takes, and start what they say."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml

from twin_module.host.cli import _parser
from twin_module.testing.person import eventually

ROOT = Path(__file__).parents[2]
HOST, LONE = "twin-host.service", "twin@.service"
PROGRAMS = "/opt/twin/bin"
PLACE = "/var/lib/twin"
MOST_EXPOSED = 2.0
"""Of 10, as systemd counts; a unit that says nothing has 9.6."""
NAMED = re.compile(r"`/etc/systemd/system/([^`]+)`:\n\n```ini\n(.*?)```", re.DOTALL)


def shipped(name: str) -> str:
    """Return a unit's text."""
    return (ROOT / "config" / name).read_text()


def settings(text: str) -> dict[str, list[str]]:
    """Return what a unit says, by name, in its order."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """A folder with all units, those on the page for hosts as well, with programs that are there."""
    texts = {HOST: shipped(HOST), "twin@alice.service": shipped(LONE)}
    page = (ROOT / "docs/hosting.md").read_text()
    named = dict(NAMED.findall(page))
    # A drop-in, which adds to what the unit says.
    added = named.pop(f"{HOST}.d/users.conf")
    texts["twin-host-of-users.service"] = f"{shipped(HOST)}\n{added}"
    texts |= {name.replace("@", "@alice"): text for name, text in named.items()}
    assert len(texts) == 5
    for name, text in texts.items():
        (tmp_path / name).write_text(text.replace(PROGRAMS, str(Path(sys.executable).parent)))
    return tmp_path


@pytest.fixture
def analyze() -> str:
    """The program that looks at units."""
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("no systemd-analyze: install it (on Debian: apt install systemd)")
    return found


def test_systemd_takes_every_unit(units: Path, analyze: str) -> None:
    for unit in sorted(units.iterdir()):
        done = subprocess.run(
            [analyze, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), unit.name


@pytest.mark.parametrize("name", [HOST, "twin@alice.service"])
def test_a_unit_leaves_its_program_little_to_reach(units: Path, analyze: str, name: str) -> None:
    command = (analyze, "security", "--offline=true", "--no-pager", str(units / name))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stderr
    assert float(found[1]) <= MOST_EXPOSED


def test_both_units_shut_in_their_programs_alike() -> None:
    walls = ("Protect", "Restrict", "SystemCall", "NoNew", "Lock", "Remove", "PrivateTmp")
    host, lone = (
        {key: value for key, value in settings(shipped(unit)).items() if key.startswith(walls)}
        for unit in (HOST, LONE)
    )
    assert {"SystemCallFilter", "ProtectSystem"} <= host.keys()
    assert host == lone


def test_the_host_says_itself_when_it_has_started() -> None:
    said = settings(shipped(HOST))
    assert (said["Type"], said["NotifyAccess"]) == (["notify"], ["main"])


@pytest.mark.parametrize("name", [HOST, LONE])
def test_proxies_get_through_to_the_sockets_and_others_do_not(name: str) -> None:
    said = settings(shipped(name))
    assert "twin/run" in said["StateDirectory"][0].split()
    assert said["StateDirectoryMode"] == ["0710"]
    assert said["UMask"] == ["0077"]


@pytest.mark.parametrize("name", [HOST, LONE])
def test_what_python_needs_for_tls_is_not_forbidden(name: str) -> None:
    # pyOpenSSL's callbacks are written and executed in the same memory.
    assert "MemoryDenyWriteExecute" not in settings(shipped(name))


def test_the_unit_of_a_host_says_a_command_that_there_is() -> None:
    program, *words = settings(shipped(HOST))["ExecStart"][0].split()
    assert program == f"{PROGRAMS}/twin"
    parsed = _parser().parse_args(words)
    assert (parsed.command, str(parsed.data), parsed.name) == ("up", PLACE, None)


@pytest.fixture
def lone() -> Iterator[Path]:
    """The folder of a lone twin, made as the heads of its unit and of homeserver.yaml say."""
    # A socket's path is short by law, those of pytest are not.
    with TemporaryDirectory(prefix="twin-") as place:
        folder = Path(place) / "alice"
        (Path(place) / "run").mkdir()
        folder.mkdir()
        text = (ROOT / "config/homeserver.yaml").read_text().replace(PLACE, str(folder))
        config = yaml.safe_load(text) | listener(place)
        (folder / "homeserver.yaml").write_text(yaml.safe_dump(config))
        shutil.copy(ROOT / "config/log.yaml", folder)
        for name in ("macaroon.key", "form.key"):
            (folder / name).write_text("secret\n")
        keys = [*command(folder), "--generate-keys"]
        subprocess.run(keys, check=True, capture_output=True)
        yield folder


def listener(place: str) -> dict[str, object]:
    """Return the listener that the head of the unit shows."""
    lines = shipped(LONE).splitlines()
    first = next(at for at, line in enumerate(lines) if line.endswith("listeners:"))
    last = next(at for at, line in enumerate(lines) if at > first and line.startswith("#   4."))
    block = "\n".join(line.removeprefix("#") for line in lines[first:last])
    loaded: dict[str, object] = yaml.safe_load(block.replace(PLACE, place))
    return loaded


def command(folder: Path) -> list[str]:
    """Return what the unit of a lone twin starts, for a twin in another folder."""
    program, *words = settings(shipped(LONE))["ExecStart"][0].split()
    assert program == f"{PROGRAMS}/python"
    return [sys.executable, *(word.replace(f"{PLACE}/%i", str(folder)) for word in words)]


@pytest.mark.processes
def test_a_lone_twin_tells_systemd_how_it_is_and_answers_at_its_socket(lone: Path) -> None:
    path = lone.parent / "run/alice.example.org.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(lone / "notify"))
        systemd.settimeout(120)
        program = subprocess.Popen(
            command(lone), cwd=lone, env={**os.environ, "NOTIFY_SOCKET": str(lone / "notify")}
        )
        try:
            assert systemd.recv(4096).decode().split() == ["READY=1", f"MAINPID={program.pid}"]
            assert path.stat().st_mode & 0o777 == 0o660
            eventually(lambda: status(path) == 200, what="it answers at its socket")
            program.send_signal(signal.SIGHUP)
            assert [systemd.recv(4096) for _ in range(2)] == [b"RELOADING=1", b"READY=1"]
            program.terminate()
            assert systemd.recv(4096) == b"STOPPING=1"
            assert program.wait(90) == 0
        finally:
            program.kill()
            program.wait()


def status(path: Path) -> int:
    """Return what a twin's card is answered with."""
    connection = HTTPConnection("alice.example.org", timeout=60)
    with socket.socket(socket.AF_UNIX) as connection.sock:
        connection.sock.connect(str(path))
        forwarded = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
        connection.request("GET", "/_synapse/client/twin/v1/card", headers=forwarded)
        with connection.getresponse() as response:
            return response.status
