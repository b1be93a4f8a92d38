"""Log files that harm nobody when they can't be written: lines are missing then, and it is said how many.

Python's own handlers print a traceback for each line that is lost, or raise into whoever logged it.
"""

import logging
import logging.handlers
import sys
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Final

from twin_module.host.folder import LOG

MOST_BYTES: Final = 5_000_000
MOST_FILES: Final = 2

_log = logging.getLogger(__name__)


def line_format() -> logging.Formatter:
    """Return how a line looks, the same as in the log of a lone twin."""
    return logging.Formatter(LOG["formatters"]["line"]["format"])


class LogFile(logging.FileHandler):
    """What both kinds below have in common; it stands before one of Python's handlers."""

    trouble: str | None = None
    """Why the last line could not be written; None when all is well."""
    lost = 0
    """How many lines could not be written since the file was opened."""
    _told = 0
    """How many of them the file itself tells of."""
    _failed = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, or count it."""
        if not (self._goes_on() and self._write(record)):
            self.lost += 1

    def try_again(self) -> bool:
        """Tell whether the file can be written now, if it could not before."""
        self.acquire()
        try:
            return self._goes_on()
        finally:
            self.release()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - Python's name
        """Take note of what is just being handled; Python would print it."""
        error = sys.exc_info()[1]
        self._failed = True
        self.trouble = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
        stream, self.stream = self.stream, None
        if stream is not None:
            # It may be half closed, with what can't be written in it.
            with suppress(OSError, ValueError):
                stream.close()

    def _goes_on(self) -> bool:
        """Tell whether the file can be written, as far as is known; try it where it could not."""
        if self.trouble is None:
            return True
        missing, trouble = self.lost - self._told, self.trouble
        lines = "A line is" if missing == 1 else f"{missing} lines are"
        note = _log.makeRecord(
            _log.name, logging.WARNING, __file__, 0, f"{lines} missing here: {trouble}", (), None
        )
        if not self._write(note):
            return False
        self.trouble, self._told = None, self.lost
        return True

    def _write(self, record: logging.LogRecord) -> bool:
        self._failed = False
        try:
            super().emit(record)
        except Exception:  # noqa: BLE001 - what opening a file raises comes through some of them
            self.handleError(record)
        return not self._failed

    def _open(self) -> TextIOWrapper:
        stream = super()._open()
        if self.trouble is not None:
            # The last line may have been cut.
            stream.write("\n")
        return stream


class RotatingLog(LogFile, logging.handlers.RotatingFileHandler):
    """A file that is put aside when it is large; for one process alone."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path, maxBytes=MOST_BYTES, backupCount=MOST_FILES, encoding="utf8", delay=True
        )
        self.setFormatter(line_format())


class WatchedLog(LogFile, logging.handlers.WatchedFileHandler):
    """A file that others write as well, and that one of them may put aside."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, encoding="utf8", delay=True)
        self.setFormatter(line_format())
