"""The database that all new twins of a data folder begin with, made once for each version of Synapse.

It has every table and index, also those that Synapse makes during a new server's first minutes,
and nothing of any server.
"""

import sqlite3
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from synapse.app.homeserver import create_homeserver
from synapse.logging.context import make_deferred_yieldable
from twisted.internet.task import deferLater

from twin_module.host.database import put_in_place, template_path
from twin_module.host.errors import HostError
from twin_module.host.lock import FolderLock
from twin_module.host.shard import insides
from twin_module.host.shard.settings import parse_settings
from twin_module.host.shard.tenant_reactor import TenantReactor

LOOK_SECONDS: Final = 0.05
OF_NOBODY: Final[Mapping[str, Any]] = {
    "server_name": "nobody.invalid",
    "report_stats": False,
    "listeners": [],
    "trusted_key_servers": [],
    "suppress_key_server_warning": True,
    "signing_key": "ed25519 a_none AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "macaroon_secret_key": "nobody",
    "form_secret": "nobody",
    "enable_registration": False,
    # Else an empty folder for it is made where the process began.
    "enable_media_repo": False,
}
"""A homeserver that never listens and has no one; its keys are no secrets."""


async def ensure_template(data: Path, reactor: Any) -> Path:
    """Make the template of a data folder, unless it is there; takes a third of a second.

    Args:
        data: the data folder.
        reactor: what it is made with.

    Raises:
        HostError: Synapse left something to be done in it.
    """
    path = template_path(data)
    if path.exists():
        return path
    path.parent.mkdir(mode=0o700, exist_ok=True)
    lock = FolderLock(path.parent / "lock")
    # Several new twins may be loaded at one time.
    while not lock.take():
        await make_deferred_yieldable(deferLater(reactor, LOOK_SECONDS))
    with lock:
        if path.exists():
            return path
        for earlier in path.parent.glob("synapse-*.db"):
            earlier.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as aside:
            made = Path(aside) / path.name
            await _make(made, TenantReactor(reactor, None))
            _finish(made)
            put_in_place(made, path)
    return path


async def _make(path: Path, reactor: TenantReactor) -> None:
    database = {"name": "sqlite3", "args": {"database": str(path)}}
    config = parse_settings({**OF_NOBODY, "database": database}, path.parent, "the template")
    hs = create_homeserver(config, cast("Any", reactor))
    try:
        hs.setup()
        # They know how to do some of what is to be done.
        hs.get_storage_controllers()
        # Its end asks for it, when it can't begin any more.
        hs.get_federation_sender()
        await hs.get_datastores().main.db_pool.updates.run_background_updates(sleep=False)
    finally:
        await insides.finish(hs)
        await hs.shutdown()
        reactor.clear()


def _finish(path: Path) -> None:
    database = sqlite3.connect(path)
    try:
        # What is planned is planned anew for each server.
        database.execute("DELETE FROM scheduled_tasks")
        database.commit()
        left = database.execute("SELECT update_name FROM background_updates").fetchall()
        database.execute("VACUUM")
    finally:
        database.close()
    if left or OF_NOBODY["server_name"].encode() in path.read_bytes():
        raise HostError(f"The template {path.name} is not finished; tell its makers.")


def main() -> None:
    """Make it in a process of its own: `template DATA`."""
    from twisted.internet.defer import ensureDeferred  # noqa: PLC0415 - only here a reactor runs
    from twisted.internet.task import react  # noqa: PLC0415

    react(lambda reactor: ensureDeferred(ensure_template(Path(sys.argv[1]), reactor)))


if __name__ == "__main__":
    main()
