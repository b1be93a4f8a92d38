"""The archive of an export: a plain zip file, and nothing that only looks like one."""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from twin_module.host.container import (
    CHUNK,
    Damaged,
    Reader,
    Writer,
    central,
    ending,
    is_safe,
)

FILES = {"manifest.json": b"{}\n", "empty.jsonl": b"", "media/a.bin": bytes(range(256)) * 3000}


def packed(path: Path, files: dict[str, bytes] | None = None) -> Path:
    with Writer(path) as writer:
        for name, data in (FILES if files is None else files).items():
            assert writer.add(name, io.BytesIO(data)) == len(data)
        writer.finish()
    return path


def unpacked(path: Path) -> dict[str, bytes]:
    with Reader(path) as reader:
        return {each.name: b"".join(reader.chunks(each)) for each in reader.members()}


def refuse(path: Path) -> str:
    with pytest.raises(Damaged) as error:
        unpacked(path)
    return str(error.value)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.zip"


def test_what_was_packed_comes_out_and_other_programs_read_it(path: Path) -> None:
    packed(path)
    assert unpacked(path) == FILES
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {each: archive.read(each) for each in archive.namelist()} == FILES
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_same_files_make_the_same_archive(path: Path, tmp_path: Path) -> None:
    assert packed(path).read_bytes() == packed(tmp_path / "b.zip").read_bytes()


def test_an_archive_without_files_is_one(path: Path) -> None:
    assert unpacked(packed(path, {})) == {}


def test_more_files_than_a_plain_zip_has_are_read_by_everybody(path: Path) -> None:
    names = [f"f{number:05}" for number in range(65_540)]
    packed(path, dict.fromkeys(names, b"x"))
    assert list(unpacked(path)) == names
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == names


def test_a_position_beyond_4_gib_is_written_as_zip64_has_it() -> None:
    far = 5 * 2**30
    entry, end = central(b"a", 3, 1, far), ending(1, far + 34, 50)
    assert entry[-8:] == struct.pack("<Q", far)
    assert end[:4] == b"PK\x06\x06"
    assert struct.unpack("<Q", end[48:56]) == (far + 34,)


def test_a_small_archive_behind_a_hole_of_4_gib_is_read_by_others(path: Path) -> None:
    """The hole is a file of two, sparse on the disk: only the directory is written by hand."""
    hole = 2**31 - 1
    with path.open("wb") as file:
        position, directory = 0, b""
        for name in (b"one", b"two", b"end"):
            size = hole if name != b"end" else 2
            crc = 0 if name != b"end" else zlib.crc32(b"ok")
            local = struct.pack(
                "<IHHHHHIIIHH", 0x04034B50, 20, 0, 0, 0, 0x21, crc, size, size, len(name), 0
            )
            file.seek(position)
            file.write(local + name + (b"ok" if name == b"end" else b""))
            directory += central(name, size, crc, position)
            position += len(local) + len(name) + size
        file.seek(position)
        file.write(directory + ending(3, position, len(directory)))
    with Reader(path) as reader:
        *_, last = reader.members()
        assert last.start > 2**32 - 10
        assert b"".join(reader.chunks(last)) == b"ok"
    with zipfile.ZipFile(path) as archive:
        assert archive.infolist()[-1].header_offset == last.start - 33
        assert archive.read("end") == b"ok"


@pytest.mark.parametrize(
    "name",
    [
        *("", "/a", "a/", "a//b", "../a", "a/../b", "a/.b", ".", "..", "a\\b", "c:a", "a\0b"),
        *("ä", "a b", "a\nb", "a" * 201, "~", "-/../x"),
    ],
)
def test_a_name_that_leads_elsewhere_is_neither_written_nor_read(name: str, path: Path) -> None:
    assert not is_safe(name)
    with Writer(path) as writer, pytest.raises(ValueError, match="no name"):
        writer.add(name, io.BytesIO(b""))
    info = zipfile.ZipInfo("x")
    info.filename = name
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, b"x")
    refuse(path)


def zipped(path: Path, change: Callable[[zipfile.ZipFile], None]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        change(archive)


def bomb(archive: zipfile.ZipFile) -> None:
    archive.writestr("a", bytes(10_000_000), zipfile.ZIP_DEFLATED)


def link(archive: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("a", (1980, 1, 1, 0, 0, 0))
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(info, "/etc/passwd")


def folder(archive: zipfile.ZipFile) -> None:
    archive.mkdir("a")


def commented(archive: zipfile.ZipFile) -> None:
    archive.comment = b"hello"


@pytest.mark.parametrize("change", [bomb, link, folder, commented])
def test_archives_of_others_that_can_hide_something_are_refused(
    change: Callable[[zipfile.ZipFile], None], path: Path
) -> None:
    zipped(path, change)
    refuse(path)


def test_files_that_lie_over_each_other_are_refused(path: Path) -> None:
    data = packed(path, {"a": b"x" * 50}).read_bytes()
    start = data.index(b"PK\x01\x02")
    entry = data[start : data.index(b"PK\x05\x06")]
    path.write_bytes(data[:start] + entry * 100 + ending(100, start, len(entry) * 100))
    assert "is not as an export writes it" in refuse(path)


@pytest.mark.parametrize("place", ["front", "middle", "directory", "end"])
def test_nothing_can_be_hidden_between_the_files(place: str, path: Path) -> None:
    data = packed(path).read_bytes()
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    hidden = b"hidden"
    if place == "front":
        path.write_bytes(hidden + data)
    elif place == "end":
        path.write_bytes(data + hidden)
    elif place == "directory":
        directory = data[start:end] + hidden
        path.write_bytes(data[:start] + directory + ending(3, start, len(directory)))
    else:
        directory = data[start:end]
        path.write_bytes(
            data[:start] + hidden + directory + ending(3, start + len(hidden), len(directory))
        )
    refuse(path)


def test_an_archive_that_is_cut_anywhere_is_refused(path: Path) -> None:
    data = packed(path, {"a": b"1", "b": b"2"}).read_bytes()
    for size in range(len(data)):
        path.write_bytes(data[:size])
        refuse(path)


def test_no_byte_of_the_frame_can_be_changed(path: Path) -> None:
    data = packed(path, {"a": b"", "b": b""}).read_bytes()
    for place in range(len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        refuse(path)


def test_an_end_that_claims_too_much_is_refused_at_once(path: Path) -> None:
    path.write_bytes(ending(2**40, 0, 2**40))
    refuse(path)


def test_lines_are_read_across_the_pieces_of_a_file(path: Path) -> None:
    lines = [b"x" * (CHUNK - 1), b"", b"y" * CHUNK, b"z"]
    packed(path, {"a.jsonl": b"".join(each + b"\n" for each in lines)})
    with Reader(path) as reader:
        [member] = reader.members()
        assert list(reader.lines(member, CHUNK * 2)) == lines


@pytest.mark.parametrize(
    ("data", "most", "reason"),
    [(b"a\nb", 10, "does not end"), (b"x" * 5 * CHUNK, CHUNK, "has more than")],
)
def test_lines_without_an_end_are_refused(data: bytes, most: int, reason: str, path: Path) -> None:
    packed(path, {"a.jsonl": data})
    with Reader(path) as reader:
        [member] = reader.members()
        with pytest.raises(Damaged, match=reason):
            list(reader.lines(member, most))
