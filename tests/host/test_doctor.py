"""The doctor as a whole: all checks of a twin, what they print, and how the command ends."""

import io
import json
import socket
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from synapse.storage.engines import create_engine

from tests.host.doctor_scene import NAME, NOW, VERSION, Scene, healthy, key_document, make_patient
from tests.host.doctor_servers import page, server, trial_certificates
from twin_module.host.database import ensure_database
from twin_module.host.doctor import diagnose as diagnosing, keeping
from twin_module.host.doctor.command import doctor
from twin_module.host.doctor.diagnose import diagnose
from twin_module.host.doctor.finding import Finding, ok, problem, skipped, warning
from twin_module.host.doctor.keeping import look_at_backup, look_at_host
from twin_module.host.doctor.outside import Outside
from twin_module.host.doctor.patient import Patient
from twin_module.host.doctor.printing import as_json, exit_status, print_findings, summary, table
from twin_module.host.doctor.synapse_says import SynapseSays
from twin_module.host.doctor.versions import OLDEST_SQLITE, look_at_versions
from twin_module.host.errors import HostError

FOUND = [
    ok("table", "alice is alice.example.org."),
    problem("secrets", "Others may read signing.key.", "chmod 600 signing.key"),
    warning("secrets", "Word " * 40, "Fix " * 40),
    skipped("host", "No host."),
]


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    patient = make_patient(tmp_path)
    ensure_database(patient.folder)
    return patient


def levels(found: list[Finding]) -> dict[str, set[str]]:
    checks: dict[str, set[str]] = {}
    for each in found:
        checks.setdefault(each.check, set()).add(each.level)
    return checks


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Synapse is not started to ask it, which takes seconds."""
    said = SynapseSays(None, 94, 84, 100)
    monkeypatch.setattr(diagnosing, "ask_synapse", lambda _: said)


# All checks ----------------------------------------------------------------------------------


def test_every_check_has_its_say(patient: Patient) -> None:
    found = diagnose(patient.places.data, "alice", world=healthy(patient))
    assert set(levels(found)) >= {
        *("table", "configuration", "secrets", "host", "versions", "disk", "database", "clock"),
        *("dns", "well-known server", "well-known client", "tls"),
        *("federation in", "federation out", "backup"),
    }
    for each in ("table", "configuration", "secrets", "dns", "tls", "federation in", "clock"):
        assert levels(found)[each] == {"ok"}, each
    for each_found in found:
        assert (each_found.fix is not None) == (each_found.level in ("warning", "problem"))
        assert "\n" not in each_found.says + str(each_found.fix)


@pytest.mark.usefixtures("quick")
def test_a_world_in_which_nothing_answers_is_survived(patient: Patient) -> None:
    found = levels(diagnose(patient.places.data, "alice", world=Scene(kept=None)))
    assert "problem" in found["dns"]
    assert found["table"] == {"ok"}


def test_a_twin_that_is_not_there_is_one_problem(tmp_path: Path) -> None:
    (found,) = diagnose(tmp_path, "nobody", world=Scene())
    assert (found.check, found.level) == ("table", "problem")


def test_a_table_that_is_broken_is_one_problem(tmp_path: Path) -> None:
    (tmp_path / "twins.json").write_text("nonsense")
    (found,) = diagnose(tmp_path, "alice", world=Scene())
    assert (found.check, found.level) == ("table", "problem")


@pytest.mark.usefixtures("quick")
def test_an_empty_folder_is_all_problems_and_no_error(patient: Patient) -> None:
    for each in sorted(patient.folder.rglob("*"), reverse=True):
        each.rmdir() if each.is_dir() else each.unlink()
    patient.folder.rmdir()
    found = levels(diagnose(patient.places.data, "alice", world=Outside(1, [])))
    for check in ("configuration", "secrets", "disk", "database"):
        assert "problem" in found[check]


@pytest.mark.usefixtures("quick")
def test_a_check_that_fails_itself_hides_no_other(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> list[Finding]:
        raise KeyError("\x1b[2J")

    for name in ("look_from_outside", "look_at_disk", "look_outside", "read_database"):
        monkeypatch.setattr(diagnosing, name, broken)
    found = diagnose(patient.places.data, "alice", world=healthy(patient))
    failed = [each for each in found if "failed itself: KeyError" in each.says]
    assert [e.check for e in failed] == ["disk", "database", "dns", "federation out"]
    assert all(each.says.isprintable() for each in failed)
    assert levels(found)["table"] == {"ok"}


@pytest.mark.usefixtures("quick")
def test_nothing_in_the_folder_changes(patient: Patient) -> None:
    def looks() -> dict[Path, tuple[int, int]]:
        all_of_it = patient.places.data.rglob("*")
        return {each: (each.stat().st_mtime_ns, each.stat().st_mode) for each in all_of_it}

    before = looks()
    diagnose(patient.places.data, "alice", world=healthy(patient), thorough=True)
    assert looks() == before


@pytest.mark.usefixtures("quick")
def test_a_real_twin_s_answers_are_found_over_loopback(tmp_path: Path) -> None:
    ca, certificate, key = trial_certificates(tmp_path)
    answers: dict[str, Any] = {}

    def behave(stream: Any) -> None:
        request = stream.recv(65_536)
        # A handshake alone asks for nothing.
        if request:
            body = json.dumps(answers[request.split(b" ")[1].decode()]).encode()
            stream.sendall(page(body, "Content-Type: application/json"))

    with server(behave, (certificate, key)) as port:
        options = {"ip_range_blacklist": [], "federation_custom_ca_list": [str(ca)]}
        patient = make_patient(tmp_path, f"localhost:{port}", **options)
        soon = int(Outside().now().timestamp() * 1000) + 10_000_000
        answers["/_matrix/key/v2/server"] = key_document(patient, valid_until_ts=soon)
        answers["/_matrix/federation/v1/version"] = VERSION
        found = levels(diagnose(tmp_path, "alice", world=Outside(60, [])))
    assert (found["tls"] - {"problem"}, found["federation in"]) == ({"ok"}, {"ok"})


# The host and backups ------------------------------------------------------------------------


@dataclass
class Keeper:
    """What a host that is not there would say."""

    status: Any

    def ask(self, places: object, question: object) -> Any:
        assert question == {"do": "status"}
        if isinstance(self.status, Exception):
            raise self.status
        return self.status


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> Keeper:
    keeper = Keeper({})
    monkeypatch.setattr(keeping, "ask", keeper.ask)
    return keeper


def open_socket(patient: Patient) -> None:
    patient.places.run.mkdir()
    with socket.socket(socket.AF_UNIX) as held:
        held.bind(str(patient.places.socket(NAME)))


def test_a_host_that_does_not_run_is_a_problem(patient: Patient) -> None:
    (found,) = look_at_host(patient).findings
    assert (found.level, "is not running" in found.says) == ("problem", True)
    assert "twin up" in str(found.fix)


def test_a_host_that_does_not_answer_is_not_waited_for(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "SECONDS", 0.2)
    patient.places.run.mkdir()
    with socket.socket(socket.AF_UNIX) as keeper:
        keeper.bind(str(patient.places.control))
        keeper.listen()
        (found,) = look_at_host(patient).findings
        keeper.accept()[0].close()
    assert (found.level, "within 0.2 s" in found.says) == ("problem", True)


def test_a_host_holds_the_socket_of_each_twin(patient: Patient, keeper: Keeper) -> None:
    assert [each.level for each in look_at_host(patient).findings] == ["problem"]
    open_socket(patient)
    assert [each.level for each in look_at_host(patient).findings] == ["ok"]


def test_what_the_host_says_of_its_versions_is_compared(patient: Patient, keeper: Keeper) -> None:
    keeper.status = {"versions": {"matrix-synapse": "1.0\x1b", 7: "x", "y": 7, "unknown": "1"}}
    open_socket(patient)
    (found,) = look_at_versions(None, look_at_host(patient).versions)
    assert (found.level, "Restart the host" in str(found.fix)) == ("warning", True)
    assert "1.0\\u001b" in found.says


@pytest.mark.parametrize("status", [{}, {"versions": []}, {"twins": 7}, {"twins": [[]]}])
def test_a_host_may_say_anything(patient: Patient, keeper: Keeper, status: Any) -> None:
    keeper.status = status
    assert look_at_host(patient).versions == {}


def test_a_twin_that_the_host_can_not_start_is_a_problem(patient: Patient, keeper: Keeper) -> None:
    open_socket(patient)
    failing = {"name": "alice", "state": "failing", "why": "The database is locked.\x1b"}
    keeper.status = {"twins": [{"name": "bob", "state": "awake"}, 7, failing]}
    (found,) = look_at_host(patient).findings
    assert (found.level, "The database is locked.\\u001b" in found.says) == ("problem", True)
    keeper.status = {"twins": [{"name": "alice", "state": "asleep"}]}
    (found,) = look_at_host(patient).findings
    assert (found.level, found.says) == ("ok", "The host runs; the twin is asleep.")


def test_a_twin_that_is_awake_and_can_not_write_is_a_problem(
    patient: Patient, keeper: Keeper
) -> None:
    open_socket(patient)
    unwell = {"name": "alice", "state": "unwell", "problem": "Its disk is full; make room.\x1b"}
    keeper.status = {"twins": [unwell]}
    (found,) = look_at_host(patient).findings
    assert found.level == "problem"
    assert found.says.endswith("Its disk is full; make room.\\u001b")


def test_a_twin_that_was_taken_down_needs_no_socket(patient: Patient, keeper: Keeper) -> None:
    down = replace(patient, entry=replace(patient.entry, state="down"))
    assert [each.level for each in look_at_host(down).findings] == ["ok"]


def test_options_of_the_host_that_are_wrong_are_said(patient: Patient, keeper: Keeper) -> None:
    patient.places.options.write_text("nonsense: 1")
    (found,) = look_at_host(patient).findings
    assert (found.level, "no option nonsense" in found.says) == ("problem", True)
    assert "Mend" in str(found.fix)


@pytest.mark.parametrize(
    ("last", "level"),
    [
        (None, "warning"),
        (NOW - timedelta(days=8), "warning"),
        (NOW - timedelta(days=6), "ok"),
        ((NOW - timedelta(days=6)).replace(tzinfo=None), "ok"),
        (HostError("The notes are torn."), "warning"),
    ],
)
def test_a_backup_has_to_be_new(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, last: datetime | Exception | None, level: str
) -> None:
    def last_backup(data: Path, name: str) -> datetime | None:
        assert (data, name) == (patient.places.data, "alice")
        if isinstance(last, Exception):
            raise last
        return last

    monkeypatch.setattr(keeping, "last_backup", last_backup)
    assert [each.level for each in look_at_backup(patient, NOW)] == [level]


def test_a_twin_that_was_never_backed_up_is_known_as_such(patient: Patient) -> None:
    (found,) = look_at_backup(patient, NOW)
    assert (found.level, found.says) == ("warning", "There is no backup of this twin.")


# Versions ------------------------------------------------------------------------------------


def test_what_is_installed_fits_together() -> None:
    (found,) = look_at_versions(version("matrix-synapse"), {"twin-module": version("twin-module")})
    assert found.level == "ok"


def test_another_version_that_runs_is_a_warning() -> None:
    (found,) = look_at_versions("1.2.3 (b=main)", {})
    assert (found.level, "matrix-synapse 1.2.3 (installed" in found.says) == ("warning", True)


@pytest.mark.parametrize(
    ("needed", "words"),
    [
        ("matrix-synapse<1.0", "and the twin module needs <1.0"),
        ("no-such-package>=1", "not installed"),
    ],
)
def test_what_does_not_fit_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, needed: str, words: str
) -> None:
    asked = [needed, "nonsense needed", "no-such-extra; extra == 'x'", "matrix-synapse>=1"]
    monkeypatch.setattr("twin_module.host.doctor.versions.requires", lambda _: asked)
    (found,) = look_at_versions(None, {})
    assert (found.level, words in found.says) == ("problem", True)
    assert needed in str(found.fix)


def test_synapse_asks_for_the_sqlite_that_we_think(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = create_engine({"name": "sqlite3", "args": {"database": ":memory:"}})
    monkeypatch.setattr("sqlite3.sqlite_version_info", OLDEST_SQLITE)
    engine.check_database(None)
    monkeypatch.setattr("sqlite3.sqlite_version_info", (*OLDEST_SQLITE[:2], OLDEST_SQLITE[2] - 1))
    with pytest.raises(RuntimeError, match="sqlite"):
        engine.check_database(None)
    assert any("SQLite" in each.says for each in look_at_versions(None, {}) if each.fix)


@pytest.mark.usefixtures("quick")
def test_the_page_explains_every_check(patient: Patient) -> None:
    page_of_it = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text()
    found = diagnose(
        patient.places.data, "alice", world=healthy(patient), tester="https://x/{server_name}"
    )
    titles = [line.removeprefix("### ") for line in page_of_it.splitlines() if "### " in line]
    assert sorted(titles) == sorted(levels(found))


# Printing ------------------------------------------------------------------------------------


def test_the_report_is_a_table() -> None:
    assert list(table(FOUND[:2], 80, coloured=False)) == [
        "ok       table    alice is alice.example.org.",
        "problem  secrets  Others may read signing.key.",
        "                  → chmod 600 signing.key",
        "",
        "1 problem.",
    ]


@pytest.mark.parametrize("width", [50, 80, 110])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    lines = list(table(FOUND, width, coloured=False))
    assert all(len(each) <= width for each in lines)
    assert sum(each.count("Word") for each in lines) == 40


def test_a_command_to_copy_is_never_broken() -> None:
    path = "/var/lib/" + "x" * 100 + "-y/signing.key"
    lines = list(table([problem("secrets", "x", f"chmod 600 {path}")], 50, coloured=False))
    assert any(path in each for each in lines)


def test_strangers_words_do_nothing_to_the_terminal() -> None:
    hostile = "\x1b[2J\r\n\u202eok\x07"
    out = io.StringIO()
    print_findings([problem("dns", hostile, hostile)], out)
    assert all(line.isprintable() for line in out.getvalue().splitlines())


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal, file = Terminal(), io.StringIO()
    print_findings(FOUND, terminal)
    print_findings(FOUND, file)
    assert "\x1b[31mproblem\x1b[0m" in terminal.getvalue()
    assert "\x1b" not in file.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    print_findings(FOUND, plain)
    assert "\x1b" not in plain.getvalue()


def test_terminals_without_arrows_get_none() -> None:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii") as out:
        print_findings([problem("dns", "ä", "fix")], out)
        out.flush()
        assert b"> fix" in raw.getvalue()


def test_programs_get_json() -> None:
    said = json.loads(as_json(FOUND))
    assert said["ok"] is False
    assert said["findings"][1] == {
        "check": "secrets",
        "level": "problem",
        "says": "Others may read signing.key.",
        "fix": "chmod 600 signing.key",
    }


@pytest.mark.parametrize(
    ("found", "status", "words"),
    [
        ([], 0, "All is well."),
        ([FOUND[0], FOUND[3]], 0, "All is well."),
        ([FOUND[2]], 0, "1 warning."),
        ([FOUND[1], FOUND[1], FOUND[2]], 1, "2 problems and 1 warning."),
    ],
)
def test_only_problems_end_with_status_1(found: list[Finding], status: int, words: str) -> None:
    assert (exit_status(found), summary(found)) == (status, words)


def test_the_command_prints_what_it_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor(tmp_path, "nobody") == 1
    assert "no twin nobody" in capsys.readouterr().out
    assert doctor(tmp_path, "nobody", json=True) == 1
    assert json.loads(capsys.readouterr().out)["ok"] is False


@pytest.mark.parametrize(
    "tester", ["http://x/{server_name}", "https://x/", "file:///{server_name}"]
)
def test_a_tester_has_to_be_an_https_template(tmp_path: Path, tester: str) -> None:
    with pytest.raises(HostError, match="--tester"):
        doctor(tmp_path, "alice", tester=tester)
