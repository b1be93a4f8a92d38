"""A twin's folder: everything that a start needs is made here, and only what is missing."""

import secrets
from io import StringIO
from pathlib import Path
from typing import Any, Final

import yaml
from signedjson.key import generate_signing_key, write_signing_keys

from twin_module.host.certificates import write_atomically, write_secret
from twin_module.host.configuration import TwinFacts, homeserver_config

LOG: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "root": {"level": "WARNING", "handlers": ["file"]},
    "loggers": {"twin_module": {"level": "INFO"}},
}


def prepare(facts: TwinFacts) -> Path:
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
    path = folder / "homeserver.yaml"
    write_atomically(
        path, yaml.safe_dump(homeserver_config(facts), sort_keys=False).encode(), 0o600
    )
    return path


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
