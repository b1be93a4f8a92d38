"""How far a command is: one line that changes on a terminal, else a plain line now and then."""

import sys
import time
from types import TracebackType
from typing import Final, Self

LINE_SECONDS: Final = 0.2
PLAIN_SECONDS: Final = 10.0


class Progress:
    """Says on standard error how far something is."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._pause = LINE_SECONDS if self._terminal else PLAIN_SECONDS
        self._last = time.monotonic() - self._pause + LINE_SECONDS
        self._dirty = False

    def __enter__(self) -> Self:
        """Return what says it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
        if self._dirty:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def say(self, words: str) -> None:
        """Say how far it is, unless that was said a moment ago."""
        now = time.monotonic()
        if now - self._last < self._pause:
            return
        self._last = now
        if self._terminal:
            self._dirty = True
            print(f"\r\x1b[K{words[:79]}", end="", file=sys.stderr, flush=True)
        else:
            print(f"twin: {words}", file=sys.stderr, flush=True)
