"""What comes from npm is installed once, and a failure is named."""

import platform
from pathlib import Path

import pytest

from bench.suite import peers
from bench.suite.contestants.base import Failed


def npm(folder: Path, status: int) -> Path:
    """Make a program that stands in for npm: it notes how it was called."""
    program = folder / "npm"
    program.write_text(
        f"#!/bin/sh\necho \"$@\" >> '{folder}/calls'\necho it is not there >&2\nexit {status}\n"
    )
    program.chmod(0o755)
    return program


@pytest.fixture(autouse=True)
def on_a_known_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")


def test_it_is_installed_once_and_again_for_another_version(tmp_path: Path) -> None:
    npm(tmp_path, 0)
    installed, calls = tmp_path / "installed", tmp_path / "calls"
    peers.ensure(installed, {"a": "1.0.0"}, native=["b"])
    assert [line.split()[0] for line in calls.read_text().splitlines()] == ["install", "rebuild"]
    peers.ensure(installed, {"a": "1.0.0"}, native=["b"])
    assert len(calls.read_text().splitlines()) == 2
    peers.ensure(installed, {"a": "1.0.1"})
    assert len(calls.read_text().splitlines()) == 3
    assert '"a": "1.0.1"' in (installed / "package.json").read_text()


def test_no_script_of_a_package_is_run_but_those_that_are_named(tmp_path: Path) -> None:
    npm(tmp_path, 0)
    peers.ensure(tmp_path / "installed", {"a": "1.0.0"})
    assert "--ignore-scripts" in (tmp_path / "calls").read_text()


def test_a_failure_says_where_npm_said_why(tmp_path: Path) -> None:
    npm(tmp_path, 1)
    installed = tmp_path / "installed"
    with pytest.raises(Failed, match=r"npm install failed, .*npm\.log says why"):
        peers.ensure(installed, {"a": "1.0.0"})
    assert "it is not there" in (installed / "npm.log").read_text()
    with pytest.raises(Failed):
        peers.ensure(installed, {"a": "1.0.0"})


def test_a_machine_without_npm_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Failed, match="apt install npm"):
        peers.ensure(tmp_path / "installed", {"a": "1.0.0"})


def test_a_machine_that_has_no_package_of_node_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "pdp11")
    with pytest.raises(Failed, match="pdp11"):
        peers.ensure(tmp_path / "installed", {"a": "1.0.0"})
    assert not (tmp_path / "installed").exists()
