"""A twin's folder: complete after every start, secret where it has to be, never made twice."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from signedjson.key import read_signing_keys

from twin_module.host.configuration import TwinFacts, homeserver_config
from twin_module.host.folder import log_config, prepare

SECRETS = ("signing.key", "macaroon.key", "form.key", "homeserver.yaml")
KEYS = SECRETS[:3]


@pytest.fixture
def facts(tmp_path: Path) -> TwinFacts:
    return TwinFacts(
        owner="alice",
        server_name="localhost:8448",
        folder=tmp_path / "twins" / "alice",
        client_port=8008,
        federation_port=8448,
        tls_certificate=tmp_path / "tls.pem",
        tls_key=tmp_path / "tls.key",
        ca_file=tmp_path / "ca.pem",
    )


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_folder_has_all_that_a_start_needs(facts: TwinFacts) -> None:
    path = prepare(facts)
    assert path == facts.folder / "homeserver.yaml"
    assert yaml.safe_load(path.read_text()) == homeserver_config(facts)
    config = homeserver_config(facts)
    named = [
        config[f"{name}_path"] for name in ("signing_key", "macaroon_secret_key", "form_secret")
    ]
    assert all(Path(each).exists() for each in (*named, config["log_config"]))


def test_nobody_else_looks_into_it(facts: TwinFacts) -> None:
    prepare(facts)
    assert mode(facts.folder) == mode(facts.folder / "media") == 0o700
    assert {name: mode(facts.folder / name) for name in SECRETS} == dict.fromkeys(SECRETS, 0o600)


def test_keys_are_never_made_twice(facts: TwinFacts) -> None:
    prepare(facts)
    before = {name: (facts.folder / name).read_bytes() for name in KEYS}
    prepare(facts)
    assert {name: (facts.folder / name).read_bytes() for name in KEYS} == before


@pytest.mark.parametrize("lost", [*SECRETS, "log.yaml"])
def test_what_is_missing_is_made_and_the_rest_stays(facts: TwinFacts, lost: str) -> None:
    prepare(facts)
    before = {name: (facts.folder / name).read_bytes() for name in KEYS if name != lost}
    (facts.folder / lost).unlink()
    prepare(facts)
    assert (facts.folder / lost).exists()
    assert {name: (facts.folder / name).read_bytes() for name in before} == before


def test_the_configuration_follows_the_facts(facts: TwinFacts) -> None:
    prepare(facts)
    path = prepare(replace(facts, peers=("localhost:9999",)))
    assert "localhost:9999" in yaml.safe_load(path.read_text())["federation_domain_whitelist"]


def test_a_start_that_was_cut_leaves_nothing_half(facts: TwinFacts) -> None:
    facts.folder.mkdir(parents=True)
    (facts.folder / ".signing.key.new").write_text("half")
    prepare(facts)
    assert [path.name for path in facts.folder.iterdir() if path.name.endswith(".new")] == []
    assert "half" not in (facts.folder / "signing.key").read_text()


def key_id(facts: TwinFacts) -> str:
    [key] = read_signing_keys((facts.folder / "signing.key").read_text().splitlines())
    return f"{key.alg}:{key.version}"


def test_two_twins_have_different_keys(facts: TwinFacts) -> None:
    other = replace(facts, folder=facts.folder.parent / "bob")
    prepare(facts)
    prepare(other)
    for name in KEYS:
        assert (facts.folder / name).read_bytes() != (other.folder / name).read_bytes()
    assert key_id(facts) != key_id(other)


def test_the_log_goes_to_a_file_of_bounded_size(tmp_path: Path) -> None:
    config = log_config(tmp_path / "twin.log")
    [handler] = config["handlers"].values()
    assert handler["filename"] == str(tmp_path / "twin.log")
    assert handler["maxBytes"] * (handler["backupCount"] + 1) < 20_000_000
