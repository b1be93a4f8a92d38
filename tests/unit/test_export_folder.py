"""The folder in which an export grows: what counts is what was noted."""

import stat
from pathlib import Path
from typing import Any

import pytest

from twin_module.host import export_folder
from twin_module.host.errors import HostError
from twin_module.host.export_folder import ExportFolder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.zip.partial"


def begun(path: Path) -> None:
    folder = ExportFolder(path)
    folder.add("rooms.jsonl", {"room_id": "!1"})
    folder.add_object({"uid": "a"})
    folder.commit(stage="objects", **{"from": "x"})
    folder.add("rooms.jsonl", {"room_id": "!2"})
    folder.add("media.jsonl", {"url": "mxc://a/b"})
    folder.flush()
    folder.close()


def test_what_was_not_noted_is_gone(path: Path) -> None:
    begun(path)
    folder = ExportFolder(path)
    assert (folder.journal["stage"], folder.journal["from"]) == ("objects", "x")
    assert [line["room_id"] for line in folder.lines("rooms.jsonl")] == ["!1"]
    assert list(folder.lines("media.jsonl")) == []
    folder.add("rooms.jsonl", {"room_id": "!3"})
    folder.commit()
    assert [line["room_id"] for line in folder.lines("rooms.jsonl")] == ["!1", "!3"]
    folder.close()


def test_a_part_that_is_full_is_followed_by_the_next(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_folder, "PART_BYTES", 20)
    folder = ExportFolder(path)
    for number in range(4):
        folder.add_object({"uid": f"object {number}"})
    folder.commit()
    assert folder.journal["part"] == 2
    assert [len(list(folder.lines(f"objects-{each:06}.jsonl"))) for each in (1, 2)] == [2, 2]
    folder.close()


def test_nobody_else_may_read_it(path: Path) -> None:
    begun(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    for each in path.iterdir():
        assert stat.S_IMODE(each.stat().st_mode) & 0o077 == 0, each


def test_two_at_once_are_one_too_many(path: Path) -> None:
    folder = ExportFolder(path)
    with pytest.raises(HostError, match="Another export"):
        ExportFolder(path)
    folder.close()
    ExportFolder(path).close()


def lost(path: Path) -> None:
    (path / "rooms.jsonl").unlink()


def cut(path: Path) -> None:
    (path / "rooms.jsonl").write_bytes(b"")


def broken(path: Path) -> None:
    (path / "journal.json").write_text("{")


def newer(path: Path) -> None:
    (path / "journal.json").write_text('{"version": 2}')


@pytest.mark.parametrize("damage", [lost, cut, broken, newer])
def test_a_folder_that_was_damaged_is_not_gone_on_with(damage: Any, path: Path) -> None:
    begun(path)
    damage(path)
    with pytest.raises(HostError, match="to begin anew"):
        ExportFolder(path)


def test_what_is_no_character_is_kept_as_an_escape(path: Path) -> None:
    folder = ExportFolder(path)
    folder.add("rooms.jsonl", {"name": "half \ud800, whole ä"})
    folder.commit()
    assert list(folder.lines("rooms.jsonl")) == [{"name": "half \ud800, whole ä"}]
    folder.close()
