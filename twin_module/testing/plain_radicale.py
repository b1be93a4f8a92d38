"""Radicale as it comes, on files of its own: what ours is compared with."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Final

from twin_module.testing.dav import Dav
from twin_module.testing.person import eventually, request
from twin_module.testing.twins import free_port

USER, PASSWORD = "alice", "correct horse"
LIMIT: Final = 20_000_000
"""Bytes of a request that it takes."""


@contextmanager
def plain_radicale(folder: Path, rights: str | None = None) -> Iterator[Dav]:
    """Run it in a process of its own, with one user.

    Args:
        folder: where its configuration, log and collections are.
        rights: the text of a rights file; None lets the user do everything in the own home.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n")
    (folder / "rights").write_text(rights or "")
    port = free_port()
    config = folder / "config"
    config.write_text(_configuration(folder, port, own_rights=rights is not None))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "radicale", "--config", str(config)],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        dav = Dav(f"http://127.0.0.1:{port}", "/", USER, PASSWORD)
        try:
            eventually(lambda: _answers(process, dav), what="Radicale answers")
            yield dav
        finally:
            process.terminate()
            process.wait(30)


def _answers(process: subprocess.Popen[bytes], dav: Dav) -> bool:
    if process.poll() is not None:
        raise RuntimeError("Radicale ended by itself; its log says why.")
    try:
        return request(dav.url, "OPTIONS", "/").status in (HTTPStatus.OK, HTTPStatus.UNAUTHORIZED)
    except OSError:
        return False


def _configuration(folder: Path, port: int, *, own_rights: bool) -> str:
    sections: dict[str, Mapping[str, object]] = {
        "server": {"hosts": f"127.0.0.1:{port}", "max_content_length": LIMIT, "delay_on_error": 0},
        "auth": {
            "type": "htpasswd",
            "htpasswd_filename": folder / "users",
            "htpasswd_encryption": "plain",
            "delay": 0,
        },
        "rights": {"type": "from_file", "file": folder / "rights"}
        if own_rights
        else {"type": "owner_only"},
        "storage": {"filesystem_folder": folder / "collections"},
        "web": {"type": "none"},
        "logging": {"level": "warning"},
    }
    return "\n".join(
        f"[{section}]\n" + "\n".join(f"{name} = {value}" for name, value in options.items())
        for section, options in sections.items()
    )
