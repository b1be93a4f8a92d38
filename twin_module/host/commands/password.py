"""`twin password NAME`: a new password for the owner of a twin, who has lost theirs."""

import secrets
import sqlite3
import unicodedata
from pathlib import Path
from typing import Any, Final

import bcrypt

from twin_module.host.backup.twin_files import connection_parameters, read_config
from twin_module.host.certificates import write_secret
from twin_module.host.commands.answer import Answer
from twin_module.host.commands.running import told
from twin_module.host.errors import HostError
from twin_module.host.places import Places
from twin_module.host.table import find_entry
from twin_module.host.users import Users

ROUNDS: Final = 12
"""Synapse's own number."""


def password(
    places: Places, name: str, file: Path | None, *, sign_out: bool, users: Users | None = None
) -> Answer:
    """Give the owner of a twin a new password; a running host lets the twin sleep for a moment."""
    users, entry = users or Users(), find_entry(places.data, name)
    chosen = _read(file) if file else None
    runs = entry.state == "up" and told(places, {"do": "down", "name": name})
    try:
        config = places.folder(name) / "homeserver.yaml"
        owner = f"@{name}:{entry.server_name}"
        kept = users.do_as(
            users.of_domain(entry.trust),
            lambda: str(set_password(config, owner, chosen, sign_out=sign_out)),
        )
    finally:
        if runs:
            told(places, {"do": "up", "name": name})
    ended = " All sessions have ended." if sign_out else ""
    return Answer(
        f"The new password of @{name}:{entry.server_name} is in {kept}.{ended}",
        {"name": name, "file": kept, "sessions_ended": sign_out},
    )


def _read(file: Path) -> str:
    try:
        text = file.read_text().rstrip("\n")
    except (OSError, ValueError):
        raise HostError(f"{file} can't be read.") from None
    if not text or "\n" in text:
        raise HostError(f"{file} has to hold the password on a line of its own.")
    return text


def set_password(config_path: Path, owner: str, chosen: str | None, *, sign_out: bool) -> Path:
    """Give the owner a new password, and return the file that holds it.

    The twin must not be loaded meanwhile: Synapse keeps in memory what it has read.

    Args:
        config_path: the twin's homeserver.yaml.
        owner: their Matrix ID.
        chosen: the new one; None makes one up.
        sign_out: also end all sessions, as after a theft.

    Raises:
        HostError: the twin has no database yet, or no account of that name.
    """
    config = read_config(config_path)
    chosen = chosen or secrets.token_urlsafe(16)
    pepper = str((config.get("password_config") or {}).get("pepper", ""))
    # As Synapse does it (`_scripts/hash_password.py`).
    plain = unicodedata.normalize("NFKC", chosen) + pepper
    hashed = bcrypt.hashpw(plain.encode(), bcrypt.gensalt(ROUNDS)).decode()
    file = config_path.parent / "owner.password"
    # First the file: with a new hash and the old file nobody would know the password.
    following = file.with_name("owner.password.next")
    write_secret(following, chosen.encode() + b"\n")
    try:
        if not _execute(config["database"], _statements(owner, hashed, sign_out)):
            raise HostError(
                f"There is no account {owner} yet; wake the twin once, and it gets its password."
            )
        following.replace(file)
    finally:
        following.unlink(missing_ok=True)
    return file


def _statements(owner: str, hashed: str, sign_out: bool) -> list[tuple[str, tuple[str, ...]]]:
    statements: list[tuple[str, tuple[str, ...]]] = [
        ("UPDATE users SET password_hash = ? WHERE name = ?", (hashed, owner))
    ]
    if sign_out:
        statements += [
            ("DELETE FROM access_tokens WHERE user_id = ?", (owner,)),
            ("DELETE FROM refresh_tokens WHERE user_id = ?", (owner,)),
        ]
    return statements


def _execute(database: dict[str, Any], statements: list[tuple[str, tuple[str, ...]]]) -> int:
    """Run statements in one transaction; returns how many rows the first one changed."""
    if database["name"] == "sqlite3":
        path = database["args"]["database"]
        if not Path(path).exists():
            return 0
        connection = sqlite3.connect(path, timeout=30)
        mark = "?"
    else:
        import psycopg2  # noqa: PLC0415 - twins on SQLite do without

        connection = psycopg2.connect(**connection_parameters(database["args"]))
        mark = "%s"
    try:
        cursor = connection.cursor()
        changed = 0
        for number, (sql, values) in enumerate(statements):
            cursor.execute(sql.replace("?", mark), values)
            changed = cursor.rowcount if number == 0 else changed
        connection.commit()
    finally:
        connection.close()
    return changed
