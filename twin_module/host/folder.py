"""A twin's folder: everything that a start needs is made here, and only what is missing."""

import secrets
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from typing import Any, Final

import yaml
from signedjson.key import generate_signing_key, write_signing_keys

from twin_module.host.certificates import write_atomically, write_secret
from twin_module.host.configuration import (
    HostedTwin,
    TwinFacts,
    homeserver_config,
    hosted_config,
)
from twin_module.host.errors import HostError
from twin_module.host.yaml_file import read_yaml

CONFIG: Final = "homeserver.yaml"
EXTRA: Final = "extra.yaml"
LOG: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "root": {"level": "WARNING", "handlers": ["file"]},
    "loggers": {"twin_module": {"level": "INFO"}},
}


def prepare(facts: TwinFacts | HostedTwin) -> Path:
    """Make a twin's folder complete and return its homeserver.yaml.

    May be cut anywhere and called again. Keys are never made twice: with another signing key
    the twin would be a stranger to everyone who knew it.
    """
    folder = facts.folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "media").mkdir(mode=0o700, exist_ok=True)
    if not (folder / "signing.key").exists():
        write_secret(folder / "signing.key", _signing_key())
    for name in ("macaroon.key", "form.key"):
        if not (folder / name).exists():
            write_secret(folder / name, secrets.token_urlsafe(32).encode())
    write_atomically(
        folder / "log.yaml", yaml.safe_dump(log_config(folder / "homeserver.log")).encode()
    )
    path = folder / CONFIG
    config = homeserver_config(facts) if isinstance(facts, TwinFacts) else hosted_config(facts)
    config |= own_settings(folder)
    write_atomically(path, _headline() + yaml.safe_dump(config, sort_keys=False).encode(), 0o600)
    return path


def own_settings(folder: Path) -> dict[str, Any]:
    """Return what whoever runs the twin wants otherwise: top-level settings of Synapse in `extra.yaml`.

    Raises:
        HostError: the file can't be used.
    """
    path = folder / EXTRA
    if not path.exists():
        return {}
    found = read_yaml(path)
    if found is not None and not isinstance(found, dict):
        raise HostError(f"{path} has to be a map of Synapse's settings.")
    return found or {}


def is_current(folder: Path) -> bool:
    """Tell whether the configuration is by this release, and of all that it is made of."""
    path, extra = folder / CONFIG, folder / EXTRA
    try:
        with path.open("rb") as file:
            is_ours = file.readline() == _headline()
        return is_ours and (
            not extra.exists() or extra.stat().st_mtime_ns <= path.stat().st_mtime_ns
        )
    except OSError:
        return False


def _headline() -> bytes:
    return (
        f"# By twin_module {version('twin-module')}, which writes over it: "
        f"settings of your own go into {EXTRA} beside it.\n"
    ).encode()


def log_config(log_file: Path) -> dict[str, Any]:
    """Return a logging configuration that keeps the last lines of a twin in a file."""
    handler = {
        "class": "logging.handlers.RotatingFileHandler",
        "filename": str(log_file),
        "maxBytes": 5_000_000,
        "backupCount": 2,
        "encoding": "utf8",
        "formatter": "line",
    }
    return {**LOG, "handlers": {"file": handler}}


def _signing_key() -> bytes:
    text = StringIO()
    # A random key ID: a key that replaces this one must never be taken for it.
    write_signing_keys(text, [generate_signing_key(f"a_{secrets.token_hex(3)}")])
    return text.getvalue().encode()
