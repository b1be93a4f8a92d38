"""The page about exports: its example is a manifest, its reader reads, its limits are ours."""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any, Final

import pytest

from tests.unit.test_export import Made
from twin_module.core import export
from twin_module.host.container import MAX_NAME, Writer
from twin_module.host.export_readme import README

PAGE: Final = Path(__file__).parents[2] / "docs/export.md"
TEXT: Final = PAGE.read_text()


@pytest.fixture
def reader() -> dict[str, Any]:
    """What the page's program defines."""
    [block] = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(block, str(PAGE), "exec"), names)
    return names


def archive(path: Path, changed: str = "nothing") -> zipfile.ZipFile:
    with Writer(path) as writer:
        for name, data in Made().members():
            writer.add(name, io.BytesIO(data + b"x" if name.startswith(changed) else data))
        writer.finish()
    return zipfile.ZipFile(path)


def test_the_reader_reads_an_archive(reader: dict[str, Any], tmp_path: Path) -> None:
    with archive(tmp_path / "a.zip") as found:
        assert [(uid, sender) for uid, sender, _ in reader["objects"](found)] == [
            ("notes", "@alice:alice.example"),
            ("photo", "@bob:bob.example"),
            ("plain", "@bob:bob.example"),
        ]
        assert list(reader["damaged"](found)) == []


@pytest.mark.parametrize("what", ["documents/", "README.txt"])
def test_the_reader_sees_what_was_changed(
    what: str, reader: dict[str, Any], tmp_path: Path
) -> None:
    with archive(tmp_path / "a.zip", what) as found:
        [changed] = reader["damaged"](found)
    assert changed.startswith(what)


def test_the_example_has_the_fields_of_a_manifest() -> None:
    [block] = re.findall(r"^```json\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    example = json.loads(block)
    example["files"] = dict.fromkeys(export.ALWAYS, example["files"]["README.txt"])
    assert export.manifest_problem(example) is None


def test_every_file_is_explained_on_the_page_and_in_the_archive() -> None:
    for name in (export.MANIFEST, *export.ALWAYS, "documents/", "media/"):
        assert f"`{name}`" in TEXT
        assert name in README or name == export.README


def test_the_limits_are_those_of_the_code() -> None:
    text = " ".join(TEXT.split())
    limits = {
        "1 MiB for the manifest": export.MAX_MANIFEST_BYTES >> 20 == 1,
        "64 MiB for `README.txt`, `keys.jsonl`": export.MAX_SMALL_BYTES >> 20 == 64,
        "16 MiB for a line": export.MAX_LINE_BYTES >> 20 == 16,
        "1,000 parts": export.MAX_PARTS == 1000,
        "10,000 servers": export.MAX_SERVERS == 10_000,
        "100,000 rooms": export.MAX_ROOMS == 100_000,
        "1,000,000 files in `media/`": export.MAX_MEDIA == 1_000_000,
        "200 at most": MAX_NAME == 200,
        "less than 2 GiB": export.MAX_FILE_BYTES == 2**31 - 1,
    }
    assert [words for words, fits in limits.items() if not fits or words not in text] == []
