"""The options of the module, as they stand under `config` in homeserver.yaml."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from synapse.module_api.errors import ConfigError

LOCALPART = "abcdefghijklmnopqrstuvwxyz0123456789._=-/+"
SYNAPSES = "/health"
"""The one address of Synapse's own that is a plain word; proxies ask there whether it is well."""


@dataclass(frozen=True, slots=True)
class TwinConfig:
    """The options; `config/twin.yaml` explains each and is compared with this by a test."""

    owner: str
    password_file: str | None = None
    owner_is_admin: bool = False
    allowed_appservices: tuple[str, ...] = ()
    max_objects_per_room: int = 5000
    home_path: str | None = None


def parse_config(config: Mapping[str, Any]) -> TwinConfig:
    """Read the options.

    Raises:
        ConfigError: says what the option may be; its path begins at the option, and Synapse
            puts in front where the module's config stands.
    """
    if not isinstance(config, Mapping):
        raise ConfigError("the module's config has to be a map of options")
    known = [each.name for each in fields(TwinConfig)]
    for name in config:
        if name not in known:
            raise ConfigError(
                f"there is no such option; those that there are: {', '.join(known)}",
                (str(name),),
            )
    return TwinConfig(
        owner=_owner(config),
        password_file=_optional_text(config, "password_file"),
        owner_is_admin=_flag(config, "owner_is_admin"),
        allowed_appservices=_texts(config, "allowed_appservices"),
        max_objects_per_room=_number(config, "max_objects_per_room", 5000, 10, 20_000),
        home_path=_path(config, "home_path"),
    )


def _owner(config: Mapping[str, Any]) -> str:
    owner = config.get("owner")
    if not isinstance(owner, str) or not owner or any(letter not in LOCALPART for letter in owner):
        raise ConfigError(
            "name the owner by the first part of their Matrix ID (alice for @alice:example.org), in lower case",
            ("owner",),
        )
    return owner


def _optional_text(config: Mapping[str, Any], name: str) -> str | None:
    value = config.get(name)
    if value is not None and (not isinstance(value, str) or not value):
        raise ConfigError("this has to be a text", (name,))
    return value


def _path(config: Mapping[str, Any], name: str) -> str | None:
    value = _optional_text(config, name)
    if value is None or (re.fullmatch(r"/[a-z0-9][a-z0-9_-]*", value) and value != SYNAPSES):
        return value
    raise ConfigError(
        f"this has to be one word in lower case with a slash in front, as /twin is, and not {SYNAPSES}",
        (name,),
    )


def _flag(config: Mapping[str, Any], name: str) -> bool:
    value = config.get(name, False)
    if not isinstance(value, bool):
        raise ConfigError("this has to be true or false", (name,))
    return value


def _texts(config: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = config.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ConfigError("this has to be a list of texts", (name,))
    return tuple(value)


def _number(config: Mapping[str, Any], name: str, default: int, least: int, most: int) -> int:
    value = config.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ConfigError(f"this has to be a whole number from {least} to {most}", (name,))
    return value
