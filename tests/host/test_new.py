"""`twin new` makes a twin with all that it needs, and may be repeated."""

import stat
from pathlib import Path

import pytest
import yaml

from twin_module.host.commands.new import make_twin
from twin_module.host.errors import HostError
from twin_module.host.options import HostOptions
from twin_module.host.places import Places
from twin_module.host.table import read_table

DOMAIN = HostOptions(domain="example.org")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(each.relative_to(folder)): each.read_bytes()
        for each in folder.rglob("*")
        if each.is_file()
    }


def test_a_new_twin_has_keys_a_configuration_and_a_line_in_the_table(tmp_path: Path) -> None:
    entry, is_new = make_twin(Places(tmp_path), DOMAIN, "alice", None, None)
    assert is_new
    assert read_table(tmp_path) == {"alice": entry}
    assert (entry.server_name, entry.trust) == ("alice.example.org", "home")
    config = yaml.safe_load((tmp_path / "alice" / "homeserver.yaml").read_text())
    assert config["server_name"] == "alice.example.org"
    assert config["public_baseurl"] == "https://alice.example.org/"
    assert config["listeners"] == []
    assert config["enable_registration"] is False
    assert config["modules"][0]["config"]["owner"] == "alice"
    for name in ("signing.key", "macaroon.key", "form.key", "homeserver.yaml"):
        assert stat.S_IMODE((tmp_path / "alice" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "alice").stat().st_mode) == 0o700


def test_to_make_it_again_changes_nothing(tmp_path: Path) -> None:
    entry, _ = make_twin(Places(tmp_path), DOMAIN, "alice", None, "family")
    before = contents(tmp_path)
    assert make_twin(Places(tmp_path), DOMAIN, "alice", None, "family") == (entry, False)
    assert contents(tmp_path) == before


def test_what_a_crash_left_out_is_made_by_the_next(tmp_path: Path) -> None:
    make_twin(Places(tmp_path), DOMAIN, "alice", None, None)
    key = (tmp_path / "alice" / "signing.key").read_bytes()
    (tmp_path / "alice" / "homeserver.yaml").unlink()
    (tmp_path / "alice" / "form.key").unlink()
    make_twin(Places(tmp_path), DOMAIN, "alice", None, None)
    assert (tmp_path / "alice" / "signing.key").read_bytes() == key
    assert (tmp_path / "alice" / "homeserver.yaml").exists()
    assert (tmp_path / "alice" / "form.key").exists()


def test_a_name_of_its_own_goes_before_the_domain(tmp_path: Path) -> None:
    entry, _ = make_twin(Places(tmp_path), DOMAIN, "alice", "alice.net", None)
    assert entry.server_name == "alice.net"


def test_without_any_domain_it_is_for_trying_out_on_this_machine(tmp_path: Path) -> None:
    entry, _ = make_twin(Places(tmp_path), HostOptions(), "alice", None, None)
    assert entry.server_name == f"localhost:{entry.federation_port}"
    config = yaml.safe_load((tmp_path / "alice" / "homeserver.yaml").read_text())
    assert [each["port"] for each in config["listeners"]] == [
        entry.client_port,
        entry.federation_port,
    ]


def test_a_name_that_is_taken_leaves_everything_as_it_was(tmp_path: Path) -> None:
    make_twin(Places(tmp_path), DOMAIN, "alice", None, None)
    before = contents(tmp_path)
    with pytest.raises(HostError, match="stays for life"):
        make_twin(Places(tmp_path), DOMAIN, "alice", "alice.net", None)
    with pytest.raises(HostError, match="server name of alice's twin"):
        make_twin(Places(tmp_path), DOMAIN, "bob", "alice.example.org", None)
    with pytest.raises(HostError, match="can't be the name"):
        make_twin(Places(tmp_path), DOMAIN, "../bob", None, None)
    assert contents(tmp_path) == before
