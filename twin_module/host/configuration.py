"""From facts about one twin to its homeserver.yaml, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinFacts:
    """What a twin on this machine is made of."""

    owner: str
    """The first part of the owner's Matrix ID."""
    server_name: str
    folder: Path
    """Holds everything of the twin: configuration, keys, database, media, password."""
    client_port: int
    federation_port: int
    tls_certificate: Path
    tls_key: Path
    ca_file: Path
    peers: tuple[str, ...] = ()
    """The other servers that this one may talk to."""
    postgres: Mapping[str, str | int] | None = None
    """Connection arguments of psycopg2; None is SQLite in the folder."""
    module: Mapping[str, Any] = field(default_factory=dict)
    """Further options of the module."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedTwin:
    """What a twin of a host is made of that answers under a name of its own."""

    owner: str
    """The first part of the owner's Matrix ID."""
    server_name: str
    folder: Path
    """Holds everything of the twin: configuration, keys, database, media, password."""
    postgres: Mapping[str, str | int] | None = None
    """Connection arguments of psycopg2; None is SQLite in the folder."""


def hosted_config(twin: HostedTwin) -> dict[str, Any]:
    """Return the configuration of a twin that a host runs; it holds no secrets.

    It has no listeners: the host holds its socket.
    """
    return {
        "server_name": twin.server_name,
        "public_baseurl": f"https://{twin.server_name}/",
        "report_stats": False,
        "listeners": [],
        # Nobody in between vouches for the keys of others; they are asked themselves.
        "trusted_key_servers": [],
        "suppress_key_server_warning": True,
        **_own(twin),
        **LONE_USER,
        **SHARED_PROCESS,
        "modules": [_module(twin.owner, twin.folder, {})],
    }


def homeserver_config(facts: TwinFacts) -> dict[str, Any]:
    """Return the configuration of a twin for trying out, on loopback only.

    It holds no secrets: they lie in files of their own. The limits are those of a server with
    one user and a few peers, where Synapse's defaults guard a server with many.
    """
    return {
        "server_name": facts.server_name,
        "public_baseurl": f"http://localhost:{facts.client_port}/",
        "report_stats": False,
        "listeners": [
            _listener(facts.client_port, ["client"], tls=False),
            _listener(facts.federation_port, ["federation"], tls=True),
        ],
        "tls_certificate_path": str(facts.tls_certificate),
        "tls_private_key_path": str(facts.tls_key),
        "federation_custom_ca_list": [str(facts.ca_file)],
        "federation_domain_whitelist": sorted({facts.server_name, *facts.peers}),
        "trusted_key_servers": [],
        "suppress_key_server_warning": True,
        # Every peer is on loopback here, which is on the list by default.
        "ip_range_blacklist": [],
        "federation_ip_range_blacklist": [],
        **_own(facts),
        **LONE_USER,
        "modules": [_module(facts.owner, facts.folder, facts.module)],
    }


def _own(twin: TwinFacts | HostedTwin) -> dict[str, Any]:
    """Return what lies in the twin's folder."""
    folder = twin.folder
    return {
        "database": _database(folder, twin.postgres),
        "media_store_path": str(folder / "media"),
        "log_config": str(folder / "log.yaml"),
        "signing_key_path": str(folder / "signing.key"),
        "macaroon_secret_key_path": str(folder / "macaroon.key"),
        "form_secret_path": str(folder / "form.key"),
        "enable_registration": False,
    }


def _module(owner: str, folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "module": "twin_module.TwinModule",
        "config": {
            "owner": owner,
            "password_file": str(folder / "owner.password"),
            **options,
        },
    }


def _listener(port: int, resources: list[str], *, tls: bool) -> dict[str, Any]:
    return {
        "port": port,
        "type": "http",
        "tls": tls,
        "bind_addresses": ["127.0.0.1"],
        "resources": [{"names": resources, "compress": False}],
    }


def _database(folder: Path, postgres: Mapping[str, str | int] | None) -> dict[str, Any]:
    if postgres is not None:
        return {"name": "psycopg2", "args": {**postgres, "cp_min": 1, "cp_max": 5}}
    return {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}}


LONE_USER: Mapping[str, Any] = {
    "event_cache_size": "30K",
    "caches": {"sync_response_cache_duration": "0s"},
    "presence": {"enabled": False},
    "rc_message": {"per_second": 50, "burst_count": 500},
    "rc_login": {
        "address": {"per_second": 1, "burst_count": 20},
        "account": {"per_second": 1, "burst_count": 20},
        "failed_attempts": {"per_second": 0.2, "burst_count": 5},
    },
    "rc_joins": {
        "local": {"per_second": 10, "burst_count": 100},
        "remote": {"per_second": 5, "burst_count": 100},
    },
    "rc_joins_per_room": {"per_second": 10, "burst_count": 100},
    "rc_room_creation": {"per_second": 5, "burst_count": 100},
    "rc_invites": {
        "per_room": {"per_second": 5, "burst_count": 100},
        "per_user": {"per_second": 5, "burst_count": 100},
        "per_issuer": {"per_second": 5, "burst_count": 100},
    },
    "rc_federation": {
        "window_size": 1000,
        "sleep_limit": 100,
        "sleep_delay": 50,
        "reject_limit": 500,
        "concurrent": 10,
    },
    # A peer at home is often off for a night; look again soon after it is back.
    "federation": {
        "client_timeout": "20s",
        "max_long_retries": 4,
        "max_long_retry_delay": "5s",
        "destination_min_retry_interval": "30s",
        "destination_max_retry_interval": "1h",
    },
}
"""What one owner's server needs otherwise than a server of many."""

SHARED_PROCESS: Mapping[str, Any] = {
    # Caches keep what was used; 25 twins side by side can't each keep what a server for many does.
    "event_cache_size": "3K",
    "caches": {"global_factor": 0.2, "sync_response_cache_duration": "0s"},
}
"""What a twin needs otherwise that shares its process with others."""
