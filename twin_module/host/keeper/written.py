"""The file where the front finds what the keeper counts: `run/keeper.json`."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

FILE: Final = "keeper.json"

_log = logging.getLogger(__name__)


class Written:
    """Written when something changed, every few seconds at most; nobody wakes up for it otherwise."""

    def __init__(self, run: Path, every: float, open_to: Callable[[Path], None]) -> None:
        self._path = run / FILE
        self._open_to = open_to
        self._every = every
        self._changes = -1
        self._next = 0.0

    def rest(self, changes: int, now: float) -> float | None:
        """Return after how many seconds it is to be written; None when it says what is."""
        return None if changes == self._changes else max(0.0, self._next - now)

    def write(self, changes: int, make: Callable[[], dict[str, Any]], now: float) -> None:
        """Write it, if it is time."""
        if self.rest(changes, now) != 0:
            return
        self._changes, self._next = changes, now + self._every
        unfinished = self._path.with_name(f".{FILE}.new")
        try:
            # It need not outlive the host, so nothing waits for the disk.
            unfinished.write_text(json.dumps(make()))
            self._open_to(unfinished)
            unfinished.replace(self._path)
        except OSError as error:
            _log.warning("%s can't be written: %s", self._path, error.strerror)
        except Exception:  # noqa: BLE001 - nobody's twin depends on it
            _log.exception("%s could not be made", self._path)

    def remove(self) -> None:
        """Remove it; there is no host any more."""
        self._path.unlink(missing_ok=True)
