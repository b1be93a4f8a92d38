"""The process of one twin: Synapse, which ends when whoever started it ends.

Its standard input is a pipe that nobody writes to. When the other end is gone, even by kill -9,
so is the twin soon: it must not hold its ports when the next start wants them.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from twin_module.host.lock import FolderLock


def main() -> None:
    """Run the homeserver of a folder: `child FOLDER`."""
    folder = Path(sys.argv[1])
    lock = FolderLock(folder / "running.lock")
    if not lock.take():
        sys.exit(f"Another process runs the twin of {folder}.")
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    sys.argv = ["synapse", "--config-path", str(folder / "homeserver.yaml")]
    # Imported late, so that the watch has begun when that takes seconds.
    from synapse.app.homeserver import main as run_synapse  # noqa: PLC0415

    from twin_module.host.database import ensure_database  # noqa: PLC0415

    ensure_database(folder)
    run_synapse()


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
