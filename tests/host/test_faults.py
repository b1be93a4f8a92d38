"""A fault of the host's own costs who met it, where that is safe; else the host ends with a sentence."""

import json
import logging
import selectors
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from twin_module.host.commands import up as up_module
from twin_module.host.errors import HostError
from twin_module.host.keeper.control import Control
from twin_module.host.keeper.written import Told, Written
from twin_module.host.places import Places


def turn(selector: selectors.BaseSelector, control: Control) -> None:
    for key, _ in selector.select(0.1):
        key.data()
    control.settle()


def test_an_answer_that_can_not_be_given_costs_one_client_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)

    def handle(request: dict[str, Any]) -> Callable[[float], dict[str, Any]]:
        return lambda _: {"is": object() if request["do"] == "harm" else "well"}

    with selectors.DefaultSelector() as selector:
        control = Control(selector, "control", handle, lambda: 0.0)
        try:
            heard = []
            for word in ("harm", "ask"):
                with socket.socket(socket.AF_UNIX) as client:
                    client.connect("control")
                    client.sendall(json.dumps({"do": word}).encode() + b"\n")
                    for _ in range(3):
                        turn(selector, control)
                    client.settimeout(60)
                    heard.append(client.recv(100))
        finally:
            control.close()
    assert heard == [b"", b'{"is": "well"}\n']
    assert "could not be served" in caplog.text


def test_numbers_that_can_not_be_told_are_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> Told:
        raise KeyError("alice")

    written = Written(tmp_path, 5.0, lambda _: None)
    written.write(1, fail, 10.0)
    assert "could not be made" in caplog.text
    assert not (tmp_path / "keeper.json").exists()
    written.write(2, lambda: ({"wakes": 1}, {}), 20.0)
    assert json.loads((tmp_path / "keeper.json").read_text()) == {"wakes": 1, "twins": []}


def test_a_file_of_numbers_that_can_not_be_written_is_told_of_once_and_written_when_it_can_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str | None] = ["alice"]

    def make() -> Told:
        return {"wakes": 1}, {name: {"name": name} for name in (told.pop(),) if name}

    written = Written(tmp_path / "run", 5.0, lambda _: None)
    written.write(1, make, 10.0)
    told.append(None)
    assert written.rest(1, 11.0) == 4.0, "it is tried again, though nothing changes"
    written.write(1, make, 15.0)
    assert caplog.text.count("can't be written") == 1
    (tmp_path / "run").mkdir()
    told.append(None)
    written.write(1, make, 20.0)
    assert json.loads((tmp_path / "run" / "keeper.json").read_text())["twins"] == [
        {"name": "alice"}
    ]
    assert written.rest(1, 100.0) is None


def test_a_fault_of_the_keeper_itself_ends_the_host_with_a_sentence_and_is_in_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def __init__(self, *_: object, **__: object) -> None:
            pass

        def run(self) -> None:
            raise ZeroDivisionError("what nobody thought of")

    (tmp_path / "twins.json").write_text("{}")
    (tmp_path / "host.yaml").write_text("domain: example.org")
    monkeypatch.setattr(up_module, "Keeper", Broken)
    monkeypatch.setattr(up_module, "FIRST", ())
    level = logging.getLogger().level
    try:
        with pytest.raises(HostError, match="ended by a fault of its own"):
            up_module.up(Places(tmp_path), [])
    finally:
        logging.getLogger().setLevel(level)
    assert "what nobody thought of" in (tmp_path / "host.log").read_text()
