"""`twin logs` shows the end of a log, and what comes; and a log that can't be written harms nobody."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from twin_module.host import log_file
from twin_module.host.commands.logs import CHUNK, follow, last_lines
from twin_module.host.errors import HostError
from twin_module.host.log_file import RotatingLog, WatchedLog
from twin_module.host.shard.logs import TwinLogs

FULL = Path("/dev/full")
"""Can be opened, and takes nothing: no space is left on it."""


@pytest.mark.parametrize("most", [0, 1, 3, 50])
@pytest.mark.parametrize("width", [1, CHUNK // 2, CHUNK + 1])
def test_the_last_lines_are_shown_however_long_they_are(
    tmp_path: Path, most: int, width: int
) -> None:
    lines = [f"{number}" * width for number in range(5)]
    log = tmp_path / "homeserver.log"
    log.write_text("\n".join(lines) + "\n")
    assert last_lines(log, most) == (lines[-most:] if most else [])


def test_a_twin_that_wrote_nothing_yet_has_no_lines(tmp_path: Path) -> None:
    assert last_lines(tmp_path / "homeserver.log", 10) == []


def test_a_log_that_can_not_be_read_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="can't be read"):
        last_lines(tmp_path, 10)


def test_what_comes_is_shown_also_after_the_log_was_put_aside(tmp_path: Path) -> None:
    log = tmp_path / "homeserver.log"
    log.write_text("before\n")
    coming = follow(log)
    with log.open("a") as file:
        file.write("one\n")
    assert next(coming) == "one\n"
    log.rename(log.with_suffix(".1"))
    log.write_text("two\n")
    assert next(coming) == "two\n"


def test_the_first_lines_of_a_twin_that_wrote_nothing_yet_are_shown(tmp_path: Path) -> None:
    coming = follow(tmp_path / "homeserver.log")
    (tmp_path / "homeserver.log").write_text("one\n")
    assert next(coming) == "one\n"


# Logs that can't be written


BARE: Final = logging.Formatter()
"""Lines without when and what; how long they are is what these stories are about."""


def say(
    handler: logging.Handler, text: str, *, about: str = "", error: Exception | None = None
) -> None:
    about_error = (type(error), error, None) if error else None
    record = logging.LogRecord("twin", logging.INFO, __file__, 0, text, (), about_error)
    record.server_name = about
    handler.handle(record)


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[TwinLogs]:
    handler = TwinLogs(tmp_path / "host.log")
    yield handler
    handler.close()


def point(log: Path, at: Path) -> None:
    log.unlink(missing_ok=True)
    log.symlink_to(at)


@pytest.mark.parametrize("kind", [RotatingLog, WatchedLog])
@pytest.mark.parametrize("broken", ["full", "gone", "was closed"])
def test_lines_that_can_not_be_written_are_counted_and_print_and_raise_nothing(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    kind: type[RotatingLog | WatchedLog],
    broken: str,
) -> None:
    log = tmp_path / "folder" / "homeserver.log"
    log.parent.mkdir()
    file = kind(log)
    file.setFormatter(BARE)
    if broken == "full":
        point(log, FULL)
    elif broken == "gone":
        log.parent.rmdir()
    else:
        say(file, "before")
        assert file.stream
        file.stream.close()
    say(file, "one")
    if broken != "was closed":
        say(file, "two")
        assert file.lost == 2
        assert file.trouble in {"No space left on device", "No such file or directory"}
        log.unlink(missing_ok=True)
        log.parent.mkdir(exist_ok=True)
    say(file, "three")
    say(file, "four")
    file.close()
    assert file.trouble is None
    said = [line for line in log.read_text().splitlines() if line and line != "before"]
    missing, *others = said
    assert "missing here" in missing
    assert others == ["three", "four"]
    assert capfd.readouterr() == ("", "")


def test_a_log_that_could_not_be_put_aside_is_written_again_when_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(log_file, "MOST_BYTES", 100)
    monkeypatch.setattr(log_file, "MOST_FILES", 1)
    log = tmp_path / "homeserver.log"
    file = RotatingLog(log)
    file.setFormatter(BARE)
    say(file, "x" * 80)
    # What was put aside before can't be taken away: it is a folder.
    (tmp_path / "homeserver.log.1").mkdir()
    say(file, "y" * 80)
    assert file.lost == 1
    (tmp_path / "homeserver.log.1").rmdir()
    say(file, "z" * 80)
    file.close()
    assert log.read_text().endswith("z" * 80 + "\n")
    assert capfd.readouterr() == ("", "")


def test_a_twin_whose_log_can_not_be_written_costs_its_neighbour_no_line_and_is_told_of_once(
    tmp_path: Path, logs: TwinLogs, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("alice", "bob"):
        logs.open(name, tmp_path / f"{name}.log")
    point(tmp_path / "alice.log", FULL)
    for number in range(3):
        for name in ("alice", "bob"):
            say(logs, f"line {number}", about=name)
    assert logs.trouble("alice") == "No space left on device"
    assert logs.trouble("bob") is None
    assert [line.split(": ")[-1] for line in (tmp_path / "bob.log").read_text().splitlines()] == [
        "line 0",
        "line 1",
        "line 2",
    ]
    (said,) = (tmp_path / "host.log").read_text().splitlines()
    assert said.endswith("The log of alice can't be written: No space left on device")

    (tmp_path / "alice.log").unlink()
    logs.try_again("bob")
    logs.try_again("alice")
    logs.try_again("alice")
    assert logs.trouble("alice") is None
    assert "3 lines are missing here" in (tmp_path / "alice.log").read_text()
    assert len((tmp_path / "host.log").read_text().splitlines()) == 2
    assert capfd.readouterr() == ("", "")


def test_a_host_log_that_can_not_be_written_costs_no_twin_a_line(
    tmp_path: Path, logs: TwinLogs, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.open("alice", tmp_path / "alice.log")
    point(tmp_path / "host.log", FULL)
    say(logs, "of nobody")
    say(logs, "hers", about="alice")
    assert (tmp_path / "alice.log").read_text().endswith("hers\n")
    assert capfd.readouterr() == ("", "")


def test_errors_that_a_twin_tells_of_are_heard_by_who_looks_after_it(
    tmp_path: Path, logs: TwinLogs
) -> None:
    heard: list[BaseException] = []
    logs.open("alice", tmp_path / "alice.log", heard.append)
    error = OSError("it fails")
    say(logs, "a line", about="alice")
    say(logs, "another", about="alice", error=error)
    say(logs, "not hers", about="bob", error=OSError("his"))
    assert heard == [error]
