"""A lock on a folder that ends with the process that holds it, however that ends.

The file holds the process ID of who took it last.
"""

import fcntl
import os
import time
from pathlib import Path
from typing import Final, Self

LOOK_SECONDS: Final = 0.05


class FolderLock:
    """Held from `take` until `release` or the end of the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Take the lock, or tell with False that another process holds it."""
        # Through no link: it may lie in a folder where another user writes.
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        except BlockingIOError:
            os.close(descriptor)
            return False
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return True

    def take_within(self, seconds: float) -> bool:
        """Take the lock as soon as it is free, or tell with False that it was not for so long."""
        until = time.monotonic() + seconds
        while not self.take():
            if time.monotonic() > until:
                return False
            time.sleep(LOOK_SECONDS)
        return True

    def is_held(self) -> bool:
        """Tell whether a process holds the lock; nobody who looks is in the way of another who looks."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def adopt(self, descriptor: int) -> None:
        """Hold what an earlier program of this process took and left open."""
        os.set_inheritable(descriptor, False)
        self._descriptor = descriptor

    def leave(self) -> int:
        """Leave the lock to whoever has its descriptor, which is returned, and hold it no longer."""
        assert self._descriptor is not None  # noqa: S101 - it was taken
        descriptor, self._descriptor = self._descriptor, None
        return descriptor

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        """Hold what was taken."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self.release()
