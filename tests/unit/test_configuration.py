"""From facts about a twin to its homeserver.yaml: on loopback only, and with no secrets in it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from twin_module.config import parse_config
from twin_module.host.configuration import TwinFacts, homeserver_config

FACTS = TwinFacts(
    owner="alice",
    server_name="localhost:8448",
    folder=Path("/twins/alice"),
    client_port=8008,
    federation_port=8448,
    tls_certificate=Path("/twins/alice/tls.pem"),
    tls_key=Path("/twins/alice/tls.key"),
    ca_file=Path("/twins/ca.pem"),
    peers=("localhost:8449",),
)


def test_it_is_plain_yaml() -> None:
    config = homeserver_config(FACTS)
    assert yaml.safe_load(yaml.safe_dump(config)) == config


def test_clients_come_in_plainly_and_servers_with_tls_on_loopback_only() -> None:
    client, federation = homeserver_config(FACTS)["listeners"]
    assert client["bind_addresses"] == federation["bind_addresses"] == ["127.0.0.1"]
    assert (client["port"], client["tls"]) == (8008, False)
    assert (federation["port"], federation["tls"]) == (8448, True)
    assert client["resources"][0]["names"] == ["client"]
    assert federation["resources"][0]["names"] == ["federation"]


def test_it_speaks_with_its_peers_and_no_other_server() -> None:
    config = homeserver_config(FACTS)
    assert config["federation_domain_whitelist"] == ["localhost:8448", "localhost:8449"]
    assert config["trusted_key_servers"] == []
    assert config["federation_custom_ca_list"] == ["/twins/ca.pem"]
    assert config["report_stats"] is False
    assert config.get("federation_verify_certificates", True) is True


def test_nobody_can_register() -> None:
    config = homeserver_config(FACTS)
    assert config["enable_registration"] is False
    assert "registration_shared_secret" not in config
    assert not config.get("allow_guest_access")


def secrets_in(config: Any, path: str = "") -> list[str]:
    if isinstance(config, dict):
        return [
            each for key, value in config.items() for each in secrets_in(value, f"{path}/{key}")
        ]
    words = ("secret", "password", "_key")
    named = any(word in path for word in words)
    return [path] if named and not str(config).startswith("/twins/") else []


def test_secrets_lie_in_files_of_their_own() -> None:
    config = homeserver_config(FACTS)
    del config["suppress_key_server_warning"], config["trusted_key_servers"]
    assert secrets_in(config) == []


def test_everything_of_a_twin_lies_in_its_folder() -> None:
    config = homeserver_config(FACTS)
    files = [value for key, value in config.items() if key.endswith(("_path", "_file", "_config"))]
    assert len(files) >= 6
    assert all(file.startswith("/twins/alice/") for file in files)


@pytest.mark.parametrize(
    ("postgres", "name", "argument"),
    [
        (None, "sqlite3", ("database", "/twins/alice/homeserver.db")),
        ({"user": "twin", "database": "twin"}, "psycopg2", ("user", "twin")),
    ],
)
def test_the_database_is_sqlite_or_what_is_named(
    postgres: dict[str, str | int] | None, name: str, argument: tuple[str, str]
) -> None:
    database = homeserver_config(replace(FACTS, postgres=postgres))["database"]
    assert database["name"] == name
    assert database["args"][argument[0]] == argument[1]


def test_the_module_gets_its_owner_and_further_options() -> None:
    facts = replace(FACTS, module={"owner_is_admin": True})
    [module] = homeserver_config(facts)["modules"]
    assert module["module"] == "twin_module.TwinModule"
    parsed = parse_config(module["config"])
    assert (parsed.owner, parsed.owner_is_admin) == ("alice", True)
    assert parsed.password_file == "/twins/alice/owner.password"
