"""The keys of other servers, asked for politely: what is known serves first, and nobody is asked often.

What strangers sign may name any server as its own. So what one request makes this server ask is
bounded, and whoever was asked is left alone for some minutes, whatever they answered.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, TypeAlias

from twin_module.core.errors import TwinError
from twin_module.core.keys import MAX_DOCUMENTS, KnownKeys, known_keys
from twin_module.core.ports import Homeserver

AGAIN_MS: Final = 600_000
"""How long a server is left alone that was asked."""
MOST_SERVERS: Final = 500
"""How many servers are remembered that were asked."""
MOST_ASKED: Final = 3
"""How many servers one request may make this one ask; each may take ten seconds."""

Documents: TypeAlias = Sequence[Mapping[str, Any]]


class Keyring:
    """The key documents of servers, remembered for some minutes."""

    def __init__(self, homeserver: Homeserver) -> None:
        self._homeserver = homeserver
        self._asked: OrderedDict[str, tuple[int, Documents | None]] = OrderedDict()
        """When a server was asked, and what it answered; None where it did not."""

    def reader(self) -> "Reader":
        """Return what reads keys for one request."""
        return Reader(self)

    def recall(self, server: str) -> tuple[bool, Documents | None]:
        """Tell whether a server was asked lately, and what it answered."""
        asked, answer = self._asked.get(server, (-AGAIN_MS, None))
        lately = self._homeserver.now() - asked < AGAIN_MS
        return lately, answer if lately else None

    async def known(self, server: str) -> Documents:
        """Return what is known of a server without asking it."""
        return await self._homeserver.key_documents(server, "never")

    async def ask(self, server: str) -> Documents | None:
        """Ask a server; None where it does not answer."""
        answer: Documents | None = None
        with suppress(TwinError):
            answer = await self._homeserver.key_documents(server, "always")
        self._asked[server] = (self._homeserver.now(), answer)
        self._asked.move_to_end(server)
        while len(self._asked) > MOST_SERVERS:
            self._asked.popitem(last=False)
        return answer


class Reader:
    """The keys that one request needs; each server's are read once."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._left = MOST_ASKED
        self._known: dict[str, KnownKeys] = {}
        self.documents: dict[str, Documents] = {}
        """What was read, as it was sent."""

    async def of(self, server: str) -> KnownKeys:
        """Return the keys of a server that are known here; without keys where there are none."""
        if server not in self._known:
            _, answered = self._keyring.recall(server)
            self._take(server, answered or await self._keyring.known(server))
        return self._known[server]

    async def newest_of(self, server: str) -> KnownKeys | None:
        """Return the keys of a server as it shows them now or showed them lately.

        None means that it does not answer, or that it is not to be asked now.
        """
        lately, answered = self._keyring.recall(server)
        if not lately:
            if self._left <= 0:
                return None
            self._left -= 1
            answered = await self._keyring.ask(server)
        if answered is None:
            return None
        return self._take(server, answered)

    def _take(self, server: str, documents: Documents) -> KnownKeys:
        newest = sorted(documents, key=_until)[-MAX_DOCUMENTS:]
        self.documents[server] = newest
        self._known[server] = known_keys(newest, server)
        return self._known[server]


def _until(document: Mapping[str, Any]) -> int:
    until = document.get("valid_until_ts")
    return until if isinstance(until, int) else 0
