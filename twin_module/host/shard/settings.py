"""A twin's homeserver.yaml, read for a process that it shares with others."""

from pathlib import Path
from typing import Any, Final

import yaml
from synapse.config import ConfigError
from synapse.config._base import format_config_error
from synapse.config.homeserver import HomeServerConfig

from twin_module.host.errors import HostError

# LibYAML reads ten times faster than Python does; not every build of PyYAML has it.
YAML_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
RESOURCES: Final = [{"names": ["client", "federation"], "compress": False}]
FOR_A_PROCESS: Final = ("listeners", "log_config", "pid_file", "daemonize", "manhole_settings")
"""Keys that say how a process is run, which is not the twin's business here."""


def read_settings(folder: Path, server_name: str, socket_path: str) -> HomeServerConfig:
    """Read the homeserver.yaml of a folder, but let the twin listen on one socket alone.

    Raises:
        HostError: says what is wrong with the file.
    """
    path = folder / "homeserver.yaml"
    options = _read_yaml(path)
    if options.get("server_name") != server_name:
        raise HostError(
            f"{path} is of {options.get('server_name')}, but the table of twins says {server_name}; put the right one back."
        )
    for key in FOR_A_PROCESS:
        options.pop(key, None)
    options["listeners"] = [
        {"path": socket_path, "type": "http", "x_forwarded": True, "resources": RESOURCES}
    ]
    return parse_settings(options, folder, str(path))


def parse_settings(options: dict[str, Any], folder: Path, name: str) -> HomeServerConfig:
    """Return options as Synapse reads them.

    Raises:
        HostError: says which option is wrong.
    """
    config = HomeServerConfig()
    try:
        config.parse_config_dict(options, str(folder), str(folder))
    except ConfigError as error:
        raise HostError(f"{name}: {_sentence(error)}") from error
    except SystemExit as error:
        raise HostError(f"Synapse refuses {name}: {error}.") from error
    except Exception as error:
        # Synapse checks few types: a list where a map belongs is any kind of error.
        raise HostError(
            f"{name} has an option that Synapse can't read ({type(error).__name__}: {error})."
        ) from error
    return config


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text()
    except FileNotFoundError:
        raise HostError(f"{path} is missing; put it back from a backup.") from None
    except (OSError, ValueError) as error:
        raise HostError(f"{path} can't be read: {error}.") from None
    try:
        # The safe loader, in C.
        found = yaml.load(text, Loader=YAML_LOADER)  # noqa: S506
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", see line {mark.line + 1}" if mark else ""
        raise HostError(f"{path} is not YAML{where}.") from None
    if not isinstance(found, dict):
        raise HostError(f"{path} has to be a map of options.")
    return found


def _sentence(error: ConfigError) -> str:
    return " ".join("".join(format_config_error(error)).split())
