"""Work that is begun by what comes, and done again as long as something came meanwhile."""

from collections.abc import Awaitable, Callable

from twin_module.core.ports import Homeserver


class UntilQuiet:
    """Work of which one runs at a time; whoever asks while it runs has it done once more."""

    def __init__(
        self, homeserver: Homeserver, name: str, work: Callable[[], Awaitable[None]]
    ) -> None:
        """Begin nothing yet; the work deals with its own errors."""
        self._homeserver = homeserver
        self._name = name
        self._work = work
        self._again = False
        self.goes_on = False
        """Whether it is being done."""

    def ask(self) -> None:
        """Have it done from its beginning, soon; it costs nothing to ask often."""
        self._again = True
        if not self.goes_on:
            self.goes_on = True
            self._homeserver.background(self._name, self._go_on)

    async def _go_on(self) -> None:
        try:
            while self._again:
                self._again = False
                await self._work()
        finally:
            self.goes_on = False
