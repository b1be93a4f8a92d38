"""Coroutines without a reactor: they are stepped in one order, so a test goes the same way each time.

Everything in the fake homeserver completes at once; it pauses before each call only to let
another coroutine in, as a real homeserver would.
"""

from collections.abc import Callable, Coroutine, Generator
from types import coroutine
from typing import Any, TypeVar

T = TypeVar("T")


@coroutine
def pause(ticket: object | None = None) -> Generator[object | None, None, None]:
    """Let other coroutines go first; who waits with a ticket can't go on before another has."""
    yield ticket


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run one coroutine to its end and return what it returns."""
    (outcome,) = together(work)
    if isinstance(outcome, Exception):
        raise outcome
    result: T = outcome
    return result


def together(
    *works: Coroutine[Any, Any, Any], choose: Callable[[int], int] | None = None
) -> list[Any]:
    """Run coroutines in turns and return what each returned, or the exception that it raised.

    Args:
        works: what to run.
        choose: told how many can go on, says which one does; without it they take turns.

    Raises:
        AssertionError: all of them wait for a lock that nobody gives back.
    """
    outcomes: list[Any] = [None] * len(works)
    alive = list(range(len(works)))
    blocked: set[int] = set()
    tickets: dict[int, object | None] = {}
    turn, all_asked_again = 0, False
    try:
        while alive:
            if blocked.issuperset(alive):
                # Who gave a lock back may have asked for it again at once, and another has it now.
                assert not all_asked_again, "Everyone waits for a lock that nobody gives back."
                blocked, all_asked_again = set(), True
            ready = [number for number in alive if number not in blocked]
            number = ready[choose(len(ready)) if choose else turn % len(ready)]
            turn += 1
            try:
                ticket = works[number].send(None)
            except StopIteration as end:
                outcomes[number] = end.value
            except Exception as error:  # noqa: BLE001 - it is handed to the caller
                outcomes[number] = error
            else:
                blocked = set() if ticket is None else blocked | {number}
                # With another ticket it has been in, and came again.
                stands = ticket is not None and ticket is tickets.get(number)
                all_asked_again = all_asked_again and stands
                tickets[number] = ticket
                continue
            alive.remove(number)
            blocked, all_asked_again = set(), False
    finally:
        for work in works:
            work.close()
    return outcomes


class Lock:
    """A context that one coroutine at a time is in, first come first served."""

    def __init__(self) -> None:
        self._queue: list[object] = []

    async def __aenter__(self) -> None:
        """Wait for one's turn."""
        ticket = object()
        self._queue.append(ticket)
        try:
            while self._queue[0] is not ticket:
                await pause(ticket)
        except BaseException:
            self._queue.remove(ticket)
            raise

    async def __aexit__(self, *error: object) -> None:
        """Let the next one in."""
        self._queue.pop(0)
