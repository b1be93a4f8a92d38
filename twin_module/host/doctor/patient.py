"""The twin that is examined, as its own files tell of it."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from twin_module.host.places import Places
from twin_module.host.table import Entry, find_entry

MODULE: Final = "twin_module.TwinModule"
_SECRET: Final = re.compile(r"(key|secret|password).*_(path|file)$")


@dataclass(frozen=True, slots=True)
class Patient:
    """A twin of a data folder. What its configuration does not say is as the host makes it."""

    places: Places
    entry: Entry
    config: Mapping[str, Any]
    """homeserver.yaml, empty where it can't be read."""
    fault: str | None
    """Why it can't be read."""

    @property
    def name(self) -> str:
        """The twin's name on this host."""
        return self.entry.name

    @property
    def server_name(self) -> str:
        """The twin's server name, by the table."""
        return self.entry.server_name

    @property
    def folder(self) -> Path:
        """Where all of it lies."""
        return self.places.folder(self.name)

    @property
    def yaml(self) -> Path:
        """Its configuration."""
        return self.folder / "homeserver.yaml"

    def path(self, option: str, default: str) -> Path:
        """Return a path of the configuration; programs of the host work in the data folder."""
        value = self.config.get(option)
        return self.places.data / (value if isinstance(value, str) else self.folder / default)

    @property
    def signing_key(self) -> Path:
        """Where the key lies that the twin is known by."""
        return self.path("signing_key_path", "signing.key")

    @property
    def media(self) -> Path:
        """Where its files lie."""
        return self.path("media_store_path", "media")

    @property
    def module(self) -> Mapping[str, Any] | None:
        """The options of the twin's module, None when it is not there."""
        modules = self.config.get("modules")
        for each in modules if isinstance(modules, list) else ():
            if isinstance(each, dict) and each.get("module") == MODULE:
                return _map(each.get("config"))
        return None

    @property
    def password_file(self) -> Path:
        """Where the owner's password lies, until the owner takes it away."""
        named = (self.module or {}).get("password_file")
        return self.places.data / (
            named if isinstance(named, str) else self.folder / "owner.password"
        )

    @property
    def database(self) -> Mapping[str, Any]:
        """Synapse's `database`."""
        return _map(self.config.get("database"))

    @property
    def database_file(self) -> Path | None:
        """The SQLite database, None on PostgreSQL."""
        if self.database.get("name", "sqlite3") != "sqlite3":
            return None
        named = _map(self.database.get("args")).get("database")
        return self.places.data / (
            named if isinstance(named, str) else self.folder / "homeserver.db"
        )

    @property
    def authorities(self) -> tuple[Path, ...]:
        """The certificates that it trusts instead of the system's; none trusts those."""
        return tuple(self.places.data / each for each in _texts(self.config, CUSTOM_CA) or ())

    @property
    def secrets(self) -> tuple[Path, ...]:
        """The files that only its own user may read."""
        named = [
            self.places.data / value
            for option, value in self.config.items()
            if isinstance(value, str) and _SECRET.search(option)
        ]
        return tuple(dict.fromkeys([self.yaml, self.signing_key, *named, self.password_file]))

    def may_reach(self, address: str) -> bool:
        """Tell whether the twin talks to other servers at an IP address (`federation_ip_range_blacklist`)."""
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        if found.is_unspecified:
            return False
        refused = _texts(self.config, "federation_ip_range_blacklist")
        if refused is None:
            refused = _texts(self.config, "ip_range_blacklist")
        permitted = _texts(self.config, "ip_range_whitelist") or ()
        if any(_holds(each, found) for each in permitted):
            return True
        if refused is None:
            # Synapse's own list names what is not public.
            return found.is_global and not found.is_multicast
        return not any(_holds(each, found) for each in refused)


CUSTOM_CA: Final = "federation_custom_ca_list"


def read_patient(data: Path, name: str) -> Patient:
    """Read what the files say of a twin.

    Raises:
        HostError: there is no such twin, or it moves.
    """
    places = Places(data.absolute())
    entry = find_entry(places.data, name)
    path = places.folder(name) / "homeserver.yaml"
    try:
        found = yaml.safe_load(path.read_text())
    except OSError as error:
        return Patient(places, entry, {}, f"can't be read: {error.strerror}")
    except (yaml.YAMLError, ValueError):
        return Patient(places, entry, {}, "is not YAML")
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found):
        return Patient(places, entry, {}, "is no map of options")
    return Patient(places, entry, found, None)


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(config: Mapping[str, Any], option: str) -> list[str] | None:
    value = config.get(option)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else None


def _holds(ips: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return address in ipaddress.ip_network(ips, strict=False)
    except ValueError:
        return False
