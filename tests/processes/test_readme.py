"""The README's quick start, run as it stands there."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.processes.conftest import Starter

pytestmark = pytest.mark.processes

README = Path(__file__).parents[2] / "README.md"


def blocks() -> list[str]:
    """Return the shell blocks of the README."""
    return re.findall(r"```sh\n(.*?)```", README.read_text(), re.DOTALL)


def test_the_quick_start_shares_a_list_between_two_twins(up: Starter) -> None:
    start, story = blocks()
    assert start.strip() == "./scripts/up"
    running = up("alice,bob").await_ready()
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "ALICE": running.person("alice").url,
        "BOB": running.person("bob").url,
        "DATA": str(running.data),
    }
    result = subprocess.run(
        ["sh", "-eu"],
        input=story,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert '"title":"Buy bread"' in result.stdout
    assert '"progress":"completed"' in result.stdout
    assert "errcode" not in result.stdout
