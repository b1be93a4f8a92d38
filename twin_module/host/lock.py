"""A lock on a folder that ends with the process that holds it, however that ends.

The file holds the process ID of who took it last.
"""

import fcntl
import os
from pathlib import Path
from typing import Self


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
