"""The commands of the README on machines that lack something."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def old_python(folder: Path) -> Path:
    """Make a program that calls itself Python and is too old for everything."""
    python = folder / "python3"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    return python


@pytest.mark.parametrize("script", ["up", "test", "check", "docs"])
def test_a_python_that_is_too_old_is_one_clear_line(tmp_path: Path, script: str) -> None:
    result = run(str(ROOT / "scripts" / script), PYTHON=str(old_python(tmp_path)))
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Python 3.11 or later" in result.stderr
    assert result.stdout == ""


def copy_of_the_installer(folder: Path) -> Path:
    """Copy the program that makes environments into a project that has nothing in it."""
    (folder / "scripts").mkdir()
    (folder / "config").mkdir()
    script = folder / "scripts" / "environment.py"
    script.write_text((ROOT / "scripts" / "environment.py").read_text())
    (folder / "config" / "constraints.txt").write_text("")
    (folder / "pyproject.toml").write_text("")
    return script


def test_an_environment_that_cannot_be_installed_is_one_clear_line(tmp_path: Path) -> None:
    script = copy_of_the_installer(tmp_path)
    result = run(sys.executable, str(script), "up", PIP_NO_INDEX="1")
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stderr.startswith("The environment can't be made: ERROR: ")
    assert (tmp_path / ".venv.log").exists()
    assert not (tmp_path / ".venv" / "installed-up").exists()


def test_the_help_of_every_command_says_what_it_does() -> None:
    for command in ([], ["up"], ["reindex"]):
        result = run(sys.executable, "-m", "twin_module.host", *command, "--help")
        assert result.returncode == 0
        assert "twin" in result.stdout
