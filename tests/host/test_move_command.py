"""The words of `twin move`, and what it says."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.host.move_scene import SERVER_NAME, Scene, Side, make_scene
from twin_module.host.cli import main


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "Say one of"),
        ("--receive --cancel", "Say one of"),
        ("--for twin-move1x", "Say one of"),
        ("--to folder", "Say one of"),
        ("--from folder", "Say one of"),
        ("--cancel --from folder", "go with `--receive --from FOLDER`"),
        ("--receive --trust home", "go with `--receive --from FOLDER`"),
        ("--for nothing --to folder", "That is no invitation"),
        ("--cancel", "There is no twin alice"),
        ("--finish folder", "There is no twin alice"),
        ("--receive --from folder", "was not invited to this host"),
        ("--receive --from folder --database none.yaml", "none.yaml can't be read"),
    ],
)
def test_what_the_command_can_not_do_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: str, said: str
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["move", "alice", "--data", str(tmp_path), *words.split()])
    assert end.value.code == 1
    [line] = capsys.readouterr().err.splitlines()
    assert said in line


def test_all_is_said_in_json_too(
    scene: Scene, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(side: Side, *words: str | Path) -> dict[str, Any]:
        with pytest.raises(SystemExit) as end:
            main(["move", "alice", "--json", "--data", str(side.data), *map(str, words)])
        assert end.value.code == 0
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    invitation = told(scene.new, "--receive")["invitation"]
    assert told(scene.old, "--cancel") == {"name": "alice", "state": "up", "host_runs": False}
    left = told(scene.old, "--for", invitation, "--to", scene.target)
    assert (left["name"], left["server_name"]) == ("alice", SERVER_NAME)
    came = told(scene.new, "--receive", "--from", scene.target)
    assert (came["server_name"], came["runs"]) == (SERVER_NAME, False)
    monkeypatch.setattr("twin_module.host.commands.move.Running.bring_up", lambda *_: True)
    monkeypatch.setattr("twin_module.host.commands.move.Running.wake", lambda *_: None)
    assert told(scene.new, "--receive", "--from", scene.target)["runs"]
    assert told(scene.old, "--finish", scene.target)["server_name"] == SERVER_NAME
