"""Moves that are killed anywhere: never on both hosts, and in the end on the new one, the same by digest."""

import subprocess
import sys
from pathlib import Path

import pytest


def told(program: str, *arguments: str | Path) -> list[int]:
    """Run a program of these tests that forks; returns the numbers that it prints."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.host.{program}", *arguments],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [int(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("command", ["leave", "arrive", "finish", "cancel"])
def test_killed_at_any_change_of_a_file_it_never_runs_on_both_and_ends_on_the_new_one(
    tmp_path: Path, command: str
) -> None:
    [kills] = told("move_kills", tmp_path, command)
    assert kills > 25


def test_whatever_two_hosts_are_told_in_any_order_and_wherever_they_are_killed(
    tmp_path: Path,
) -> None:
    arrivals = told("move_model", tmp_path)
    assert sum(arrivals) > 0
