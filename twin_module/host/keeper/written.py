"""The file where the front finds what the keeper counts: `run/keeper.json`.

It is written anew when something in it changed, every few seconds at most, and only what changed is
put into words anew. How long twins are idle, say, which is another thing each time, is not in it.
"""

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

Told: TypeAlias = tuple[Mapping[str, Any], Mapping[str, Mapping[str, Any] | None]]

FILE: Final = "keeper.json"

_log = logging.getLogger(__name__)


class Written:
    """The file, and a line of it for each twin; nobody wakes up for it when nothing changed."""

    def __init__(self, run: Path, every: float, open_to: Callable[[Path], None]) -> None:
        self._path = run / FILE
        self._open_to = open_to
        self._every = every
        self._changes = -1
        self._next = 0.0
        self._failed = False
        self._lines: dict[str, str] = {}
        """By the names of the twins, in JSON."""

    def rest(self, changes: int, now: float) -> float | None:
        """Return after how many seconds it is to be written; None when it says what is."""
        return None if changes == self._changes else max(0.0, self._next - now)

    def write(self, changes: int, make: Callable[[], Told], now: float) -> None:
        """Write it, if it is time.

        Args:
            changes: is another number when something changed.
            make: returns what is to be written, and of twins those alone that changed since it was
                called last: a line for each, None for one that is gone.
            now: the time.
        """
        if self.rest(changes, now) != 0:
            return
        self._changes, self._next = changes, now + self._every
        unfinished = self._path.with_name(f".{FILE}.new")
        try:
            # It need not outlive the host, so nothing waits for the disk.
            unfinished.write_text(self._text(*make()))
            self._open_to(unfinished)
            unfinished.replace(self._path)
            self._failed = False
        except OSError as error:
            if not self._failed:
                _log.warning("%s can't be written: %s", self._path, error.strerror)
            # It is old now, so it is tried again whatever changes.
            self._failed, self._changes = True, -1
        except Exception:  # noqa: BLE001 - nobody's twin depends on it
            _log.exception("%s could not be made", self._path)

    def _text(self, told: Mapping[str, Any], twins: Mapping[str, Mapping[str, Any] | None]) -> str:
        for name, line in twins.items():
            if line is None:
                self._lines.pop(name, None)
            else:
                self._lines[name] = json.dumps(line)
        lines = ",\n".join(self._lines.values())
        return f'{{"twins": [\n{lines}\n], {json.dumps(told)[1:]}'

    def remove(self) -> None:
        """Remove it; there is no host any more."""
        self._path.unlink(missing_ok=True)
