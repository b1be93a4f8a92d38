"""Where a twin answers, and whose it is, as its homeserver.yaml says."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from twin_module.host.cli import main
from twin_module.host.client import read_facts
from twin_module.host.errors import HostError

MODULE = {"module": "twin_module.TwinModule", "config": {"owner": "alice"}}


def listener(port: int, *names: str, **more: Any) -> dict[str, Any]:
    return {"port": port, "type": "http", "resources": [{"names": [*names]}], **more}


def written(path: Path, **changes: Any) -> Path:
    config = {
        "server_name": "alice.example",
        "media_store_path": "/srv/twin/media",
        "listeners": [listener(8448, "federation", tls=True), listener(8008, "client")],
        "modules": [{"module": "other.Module"}, MODULE],
        **changes,
    }
    path.write_text(yaml.safe_dump(config))
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "homeserver.yaml"


def test_what_a_homeserver_yaml_says_is_found(path: Path) -> None:
    facts = read_facts(written(path))
    assert facts.url == "http://127.0.0.1:8008"
    assert facts.owner == "@alice:alice.example"
    assert facts.password_file == Path("/srv/twin/alice.password")
    named = {**MODULE, "config": {"owner": "bob", "password_file": "/x"}}
    facts = read_facts(written(path, modules=[named]), "https://twin.example")
    assert (facts.url, facts.password_file) == ("https://twin.example", Path("/x"))


@pytest.mark.parametrize(
    ("addresses", "url"),
    [
        (["0.0.0.0"], "http://127.0.0.1:1"),
        (["::"], "http://127.0.0.1:1"),
        (["::1"], "http://[::1]:1"),
        (["10.0.0.1", "::1"], "http://10.0.0.1:1"),
        ([], "http://127.0.0.1:1"),
    ],
)
def test_it_is_asked_where_it_listens(addresses: list[str], url: str, path: Path) -> None:
    several = [listener(1, "client", bind_addresses=addresses)]
    assert read_facts(written(path, listeners=several)).url == url


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"modules": None}, "is of no twin"),
        ({"modules": [{"module": "other.Module"}, 1]}, "is of no twin"),
        ({"server_name": None}, "is of no twin"),
        ({"listeners": [listener(1, "client", tls=True)]}, "--url"),
        ({"listeners": [listener(1, "federation")]}, "--url"),
        ({"listeners": [{"path": "/run/x", "resources": [{"names": ["client"]}]}, 1]}, "--url"),
    ],
)
def test_what_is_missing_is_said(changes: dict[str, Any], reason: str, path: Path) -> None:
    with pytest.raises(HostError, match=reason):
        read_facts(written(path, **changes))


@pytest.mark.parametrize("text", ["", "[]", "- 1", "a: [", "\x00"])
def test_a_file_that_is_none_is_said(
    text: str, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text(text)
    with pytest.raises(SystemExit) as ended:
        main(["export", str(path), str(path.with_name("a.zip"))])
    assert ended.value.code == 1
    assert capsys.readouterr().err.count("\n") == 1
    with pytest.raises(HostError, match="can't be read"):
        read_facts(path.with_name("none"))


def test_a_password_that_is_not_there_is_said(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(path, media_store_path=str(path.parent / "media"))
    with pytest.raises(SystemExit):
        main(["export", str(path), str(path.with_name("a.zip"))])
    assert "alice.password can't be read" in capsys.readouterr().err
    assert not path.with_name("a.zip.partial").exists()
