"""HTTP/1.1 on a stream: h11 reads and writes it, and here are the bytes that it knows nothing of."""

from typing import TypeAlias

import h11

from twin_module.host.front.stream import CHUNK, Stream

Role: TypeAlias = type[h11.CLIENT] | type[h11.SERVER]
Next: TypeAlias = h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]


class Wire:
    """One side's view of a connection; what is put is sent together."""

    def __init__(self, stream: Stream, role: Role, longest: int) -> None:
        self.stream = stream
        self.http = h11.Connection(role, longest)
        self._out = bytearray()

    def put(self, event: h11.Event) -> None:
        """Take an event along with the next bytes that are sent."""
        self._out += self.http.send(event) or b""

    @property
    def is_full(self) -> bool:
        """Whether so much was put that it should be sent first."""
        return len(self._out) >= CHUNK

    async def flush(self) -> None:
        """Send what was put."""
        if self._out:
            out, self._out = bytes(self._out), bytearray()
            await self.stream.send(out)

    def next(self) -> Next:
        """Return what came next, of the bytes that are there."""
        return self.http.next_event()

    async def receive(self, most: int = CHUNK) -> bytes:
        """Wait for more bytes, and return them, too; b"" is the end."""
        data = await self.stream.receive(most)
        self.http.receive_data(data)
        return data
