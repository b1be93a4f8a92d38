"""Several things at once, since most of their time is waiting for the network or another process."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Begun(Generic[T]):
    """A call that runs in a thread of its own."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._result: list[T] = []
        self._error: BaseException | None = None
        # It does not keep the program from ending when somebody presses Ctrl-C.
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result.append(self._call())
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread that waits
            self._error = error

    def result(self, seconds: float | None = None) -> T:
        """Wait for the call, and return what it returns or raise what it raises.

        Raises:
            TimeoutError: it takes longer than that; it goes on, and nobody waits any more.
        """
        self._thread.join(seconds)
        if self._error is not None:
            raise self._error
        if not self._result:
            raise TimeoutError
        return self._result[0]
