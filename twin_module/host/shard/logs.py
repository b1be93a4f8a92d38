"""Where the log lines of a process with several twins go: each twin's to its folder, the rest to the host's.

Synapse notes in each record which server it is about.
"""

import logging
import logging.handlers
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from synapse.config.logger import one_time_logging_setup
from twisted.internet.defer import CancelledError

from twin_module.host.folder import LOG

MOST_BYTES: Final = 5_000_000
MOST_FILES: Final = 2


class TwinLogs(logging.Handler):
    """Hands each record to the file of the twin that it is about."""

    def __init__(self, host_log: Path) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter(LOG["formatters"]["line"]["format"]))
        # Other processes of the host write the same file, and one of them may put it aside.
        self._host = self._ready(
            logging.handlers.WatchedFileHandler(host_log, encoding="utf8", delay=True)
        )
        self._twins: dict[str, logging.Handler] = {}

    def open(self, server_name: str, log: Path) -> None:
        """Write what is said about a server to a file from now on; the file is made with its first line."""
        self.shut(server_name)
        self._twins[server_name] = self._ready(
            logging.handlers.RotatingFileHandler(
                log, maxBytes=MOST_BYTES, backupCount=MOST_FILES, encoding="utf8", delay=True
            )
        )

    def shut(self, server_name: str) -> None:
        """Close a server's file; what is said about it later goes to the host's."""
        handler = self._twins.pop(server_name, None)
        if handler is not None:
            # What it still holds can't be written where the disk is full.
            with suppress(OSError):
                handler.close()

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record, unless it tells only that a twin went to sleep over something."""
        if record.exc_info and isinstance(record.exc_info[1], CancelledError):
            return
        self._twins.get(getattr(record, "server_name", ""), self._host).handle(record)

    def close(self) -> None:
        """Close all files."""
        for server_name in list(self._twins):
            self.shut(server_name)
        self._host.close()
        super().close()

    def _ready(self, handler: logging.Handler) -> logging.Handler:
        handler.setFormatter(self.formatter)
        return handler


@contextmanager
def twin_logs(host_log: Path) -> Iterator[TwinLogs]:
    """Send all that this process logs to its files."""
    # Twisted's own lines come to Python's logging as well.
    one_time_logging_setup()
    handler = TwinLogs(host_log)
    root = logging.getLogger()
    levels = {
        "": LOG["root"]["level"],
        **{name: logger["level"] for name, logger in LOG["loggers"].items()},
        # It says at each load that statistics are off, which is meant so.
        "synapse.config.stats": "ERROR",
    }
    before = {name: logging.getLogger(name).level for name in levels}
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    root.addHandler(handler)
    try:
        yield handler
    finally:
        root.removeHandler(handler)
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
        handler.close()
