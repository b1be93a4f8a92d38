"""Processes that are forked from the keeper, and what they must not have from it."""

import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable, Collection
from typing import NoReturn

from twin_module.host.keeper import systemd
from twin_module.host.shard import inherited


def fork(run: Callable[[], None], kept: Collection[int]) -> int:
    """Fork a process that runs a function and ends, and return its ID.

    Args:
        run: what it does; when it raises, the process ends with status 1.
        kept: all descriptors that it has, but the standard ones.

    Raises:
        OSError: there is no memory, or there are too many processes.
    """
    # A signal that comes before the child is itself would be taken for one to its parent.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        child = os.fork()
        if child == 0:
            _be(run, kept, before)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return child


def _be(run: Callable[[], None], kept: Collection[int], mask: Collection[int]) -> NoReturn:
    status = 1
    try:
        inherited.let_go(kept)
        inherited.deaf_to_the_terminal()
        # Synapse would tell systemd that it is the program.
        os.environ.pop(systemd.VARIABLE, None)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        # What is the parent's is never collected here, which would copy its pages.
        gc.freeze()
        run()
        status = 0
    except BaseException:  # noqa: BLE001 - nothing may get out, up into the keeper's own code
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)
