"""The options of a host, from `host.yaml` in its data folder; without the file each has its default."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from twin_module.host.errors import HostError
from twin_module.host.yaml_file import read_yaml

HIGHEST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A port that the front listens on."""

    port: int
    address: str = "127.0.0.1"
    tls: bool = True
    server_name: str | None = None
    """Whose it is alone; None for all twins, by the name that is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOptions:
    """The options; `config/host.yaml` explains each and is compared with this by a test."""

    domain: str | None = None
    """New twins are called NAME.DOMAIN."""
    trust: str = "home"
    """The trust domain of new twins."""
    doors: tuple[Door, ...] = ()
    """Where the front listens; none when a proxy stands in front."""
    memory_mb: int = 1024
    """What the twins of this host and what carries them may take together."""
    twins_per_shard: int = 25
    quiet_seconds: int = 300
    """How long nothing may have happened before a twin sleeps."""
    metrics: Door | None = None
    """Where the front answers `/health` and `/metrics`."""


DEFAULTS: Final = HostOptions()


def read_options(path: Path) -> HostOptions:
    """Read the options.

    Raises:
        HostError: says which option is wrong, and what it may be.
    """
    found = read_yaml(path) if path.exists() else None
    options = {} if found is None else found
    if not isinstance(options, dict):
        raise HostError(f"{path} has to be a map of options.")
    known = [each.name for each in fields(HostOptions)]
    for name in options:
        if name not in known:
            raise HostError(f"{path}: there is no option {name}; there are {', '.join(known)}.")
    return HostOptions(
        domain=_text(path, options, "domain", None),
        trust=_text(path, options, "trust", DEFAULTS.trust) or DEFAULTS.trust,
        doors=_doors(path, options),
        memory_mb=_number(path, options, "memory_mb", DEFAULTS.memory_mb, 200, 10_000_000),
        twins_per_shard=_number(path, options, "twins_per_shard", DEFAULTS.twins_per_shard, 1, 25),
        quiet_seconds=_number(path, options, "quiet_seconds", DEFAULTS.quiet_seconds, 1, 86_400),
        metrics=_metrics(path, options),
    )


def _text(path: Path, options: Mapping[str, Any], name: str, default: str | None) -> str | None:
    value = options.get(name, default)
    if value is None or (isinstance(value, str) and value):
        return value
    raise HostError(f"{path}: {name} has to be a text.")


def _number(
    path: Path, options: Mapping[str, Any], name: str, default: int, least: int, most: int
) -> int:
    value = options.get(name, default)
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    raise HostError(f"{path}: {name} has to be a whole number from {least} to {most}.")


def _doors(path: Path, options: Mapping[str, Any]) -> tuple[Door, ...]:
    value = options.get("doors", [])
    if not isinstance(value, list):
        raise HostError(f"{path}: doors has to be a list of maps, each with a port.")
    return tuple(_door(path, f"doors {number}", each) for number, each in enumerate(value))


def _metrics(path: Path, options: Mapping[str, Any]) -> Door | None:
    value = options.get("metrics")
    if value is None:
        return None
    door = _door(path, "metrics", {"tls": False, **value} if isinstance(value, dict) else value)
    if door.tls:
        raise HostError(
            f"{path}: metrics are told without TLS only, on an address of this machine."
        )
    return door


def _door(path: Path, where: str, value: object) -> Door:
    if not isinstance(value, dict) or not value.keys() <= {each.name for each in fields(Door)}:
        raise HostError(f"{path}: {where} may have port, address, tls and server_name.")
    port = _number(path, value, "port", 0, 1, HIGHEST_PORT)
    tls = value.get("tls", True)
    if not isinstance(tls, bool):
        raise HostError(f"{path}: {where}: tls has to be true or false.")
    return Door(
        port=port,
        address=_text(path, value, "address", "127.0.0.1") or "127.0.0.1",
        tls=tls,
        server_name=_text(path, value, "server_name", None),
    )
