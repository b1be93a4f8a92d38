"""What processes of this machine are and do, where it does not matter that one ends meanwhile."""

from contextlib import suppress

import psutil


def runs(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and waits for its parent does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def children(pid: int) -> list[psutil.Process]:
    """Return what a process started itself and has not let go."""
    try:
        return psutil.Process(pid).children()
    except psutil.NoSuchProcess:
        return []


def family(pid: int) -> list[psutil.Process]:
    """Return a process with all that it started, at any depth."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def open_files(pid: int) -> set[str]:
    """Return the paths of the files that a process has open."""
    with suppress(psutil.NoSuchProcess):
        return {each.path for each in psutil.Process(pid).open_files()}
    return set()


def memory_mb(processes: list[psutil.Process]) -> tuple[float, float]:
    """Return PSS and what is private (USS) of some processes together, in MB."""
    pss = uss = 0
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            memory = each.memory_full_info()
            pss, uss = pss + memory.pss, uss + memory.uss
    return pss / 2**20, uss / 2**20


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """Return the processor time of some processes so far, with that of their dead children."""
    seconds = 0.0
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            seconds += sum(each.cpu_times()[:4])
    return seconds
