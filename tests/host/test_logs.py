"""`twin logs` shows the end of a log, and what comes."""

from pathlib import Path

import pytest

from twin_module.host.commands.logs import CHUNK, follow, last_lines
from twin_module.host.errors import HostError


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
