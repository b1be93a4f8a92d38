"""`twin verify`: what a file proves, in words and as an exit status."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.test_proof import ALICE, a_merge, a_version
from twin_module.host.cli import main
from twin_module.host.verify import MAX_BYTES, check, in_words
from twin_module.testing.bundles import Signer, bundle


def run(*arguments: str) -> int:
    """Run `twin verify` and return its exit status."""
    with pytest.raises(SystemExit) as ended:
        main(["verify", *arguments])
    return int(ended.value.code or 0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a file is to be written."""
    return tmp_path / "proof.json"


@pytest.mark.parametrize("indent", [None, 2])
def test_a_proof_is_explained(
    file: Path, capsys: pytest.CaptureFixture[str], indent: int | None
) -> None:
    file.write_text(json.dumps(a_merge(), indent=indent))
    assert run(str(file)) == 0
    said, complaints = capsys.readouterr()
    assert complaints == ""
    parts = ["PROVEN", ALICE, "a merge of 2", "What was signed:", '"title": "Butter"']
    parts += ["NOT PROVEN BY THIS FILE", "https://alice.example/_matrix/key/v2/server"]
    places = [said.index(part) for part in parts]
    assert places == sorted(places)


def test_a_forged_proof_ends_with_one(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(json.dumps({**a_version(), "event_id": "$other"}))
    assert run(str(file)) == 1
    said = capsys.readouterr().out
    assert said.startswith("NOT PROVEN\n")
    assert "is not $other" in said
    assert "What was signed" not in said


def test_standard_input_is_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = io.BytesIO(json.dumps(a_version()).encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(raw))
    assert run("-") == 0
    assert capsys.readouterr().out.startswith("PROVEN")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is not JSON"),
        (b"\x00\xff\xfe", "is not JSON"),
        (b"{", "is not JSON"),
        (b'{"format": NaN}', "no JSON number"),
        (b'{"format": "a", "format": "b"}', "stands twice"),
        (b'{"a": [{"b": 1, "b": 1}]}', "stands twice"),
        (b"[" * 100_000, "is not JSON"),
        (b"[" + b"9" * 10_000 + b"]", "is not JSON"),
        (b" " * (MAX_BYTES + 1), "has more than"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_can_not_be_read_ends_with_two(
    data: bytes, reason: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(data)
    assert run(str(file)) == 2
    said, complaints = capsys.readouterr()
    assert said == ""
    assert complaints.startswith("twin: ")
    assert reason in complaints
    assert complaints.count("\n") == 1


def test_a_file_that_is_not_there_ends_with_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (tmp_path / "none", tmp_path):
        assert run(str(name)) == 2
        assert "can't be read" in capsys.readouterr().err


@pytest.mark.parametrize("document", [{}, [], None, 1, "x", {"format": 1}, {"format": "other"}])
def test_a_format_that_is_not_known_is_said_with_those_that_are(document: Any) -> None:
    assert "org.digitaltwin.proof.v1" in in_words(check(document))
    assert not check(document).proven


def test_no_content_can_move_the_cursor_or_turn_a_line_around() -> None:
    alice = Signer(ALICE)
    text = 'a\u202eb\x1b[2J\r\n\u2028PROVEN\u0085"\\'
    said = in_words(check(bundle(alice.event({text: [text]}, state_key=text), alice)))
    assert said.startswith("PROVEN")
    assert [line for line in said.split("\n") if not line.isprintable()] == []
    assert sum(line.lstrip().startswith("PROVEN") for line in said.split("\n")) == 1
    shown = said[said.index("signed:") + len("signed:") : said.index("NOT PROVEN BY")]
    assert json.loads(shown) == {text: [text]}


def test_a_terminal_that_knows_few_letters_gets_escapes(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = Signer(ALICE)
    file.write_text(json.dumps(bundle(alice.event({"title": "Größe €"}), alice)))
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "ascii"))
    assert run(str(file)) == 0
    sys.stdout.flush()
    assert rb"Gr\xf6\xdfe \u20ac" in raw.getvalue()
