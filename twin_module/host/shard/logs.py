"""Where the log lines of a process with several twins go: each twin's to its folder, the rest to the host's.

Synapse notes in each record which server it is about.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from synapse.config.logger import one_time_logging_setup
from twisted.internet.defer import CancelledError

from twin_module.host.folder import LOG
from twin_module.host.log_file import LogFile, RotatingLog, WatchedLog

_log = logging.getLogger(__name__)


class TwinLogs(logging.Handler):
    """Hands each record to the file of the twin that it is about.

    A file that can't be written costs the lines of its own twin, and no other's. The host's says so
    once, and once more when it is over.
    """

    def __init__(self, host_log: Path) -> None:
        super().__init__()
        self._host: LogFile = WatchedLog(host_log)
        self._twins: dict[str, LogFile] = {}
        self._heard: dict[str, Callable[[BaseException], None]] = {}

    def open(
        self, server_name: str, log: Path, heard: Callable[[BaseException], None] | None = None
    ) -> None:
        """Write what is said about a server to a file from now on; the file is made with its first line.

        Args:
            server_name: the twin's.
            log: the file.
            heard: gets each error that is told of with a line, in whatever thread that is.
        """
        self.shut(server_name)
        self._twins[server_name] = RotatingLog(log)
        if heard is not None:
            self._heard[server_name] = heard

    def shut(self, server_name: str) -> None:
        """Close a server's file; what is said about it later goes to the host's."""
        self._heard.pop(server_name, None)
        file = self._twins.pop(server_name, None)
        if file is not None:
            # What it still holds can't be written where the disk is full.
            with suppress(OSError):
                file.close()

    def trouble(self, server_name: str) -> str | None:
        """Return why a server's file can't be written; None when all is well."""
        file = self._twins.get(server_name)
        return None if file is None else file.trouble

    def try_again(self, server_name: str) -> None:
        """See whether a server's file can be written again; it may have nothing to say for long."""
        file = self._twins.get(server_name)
        if file is not None and file.trouble is not None and file.try_again():
            self._tell(server_name, file)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record, unless it tells only that a twin went to sleep over something."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, CancelledError):
            return
        server_name = getattr(record, "server_name", "")
        file = self._twins.get(server_name, self._host)
        was_well = file.trouble is None
        file.handle(record)
        if file is not self._host and was_well != (file.trouble is None):
            self._tell(server_name, file)
        if error is not None and (heard := self._heard.get(server_name)) is not None:
            heard(error)

    def close(self) -> None:
        """Close all files."""
        for server_name in list(self._twins):
            self.shut(server_name)
        with suppress(OSError):
            self._host.close()
        super().close()

    def _tell(self, server_name: str, file: LogFile) -> None:
        """Have the host's log say that a twin's can't be written, or can be again."""
        if file.trouble is not None:
            level, text = logging.ERROR, f"can't be written: {file.trouble}"
        else:
            level, text = (
                logging.WARNING,
                "can be written again, and says how many lines are missing",
            )
        text = f"The log of {server_name} {text}"
        self._host.handle(_log.makeRecord(_log.name, level, __file__, 0, text, (), None))


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
