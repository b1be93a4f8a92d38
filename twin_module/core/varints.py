"""Reading and writing the small binary form that Yjs's protocols are made of.

Numbers are little-endian in groups of seven bits, texts and buffers carry their length in front
(`lib0/encoding`, which the update format and y-protocols build on).
"""

from typing import Final

MAX_NUMBER: Final = 2**53 - 1
"""The largest number that JavaScript, and so every editor, reads unharmed."""

_MORE: Final = 0x80
"""The bit that says that another group follows."""
_GROUP: Final = 0x7F
_LAST_SHIFT: Final = 49


def number(value: int) -> bytes:
    """Return a number of at least 0 as it is written."""
    out = bytearray()
    while value > _GROUP:
        out.append(value & _GROUP | _MORE)
        value >>= 7
    out.append(value)
    return bytes(out)


def buffer(data: bytes) -> bytes:
    """Return bytes with their length in front."""
    return number(len(data)) + data


class Reader:
    """Reads bytes from front to back.

    Every method raises ValueError where the bytes end too early or hold a number that is too large.
    """

    __slots__ = ("at", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def number(self) -> int:
        """Read a number."""
        data, at = self.data, self.at
        try:
            byte = data[at]
            if byte < _MORE:  # most are
                self.at = at + 1
                return byte
            value, shift = byte & _GROUP, 7
            while True:
                at += 1
                byte = data[at]
                value |= (byte & _GROUP) << shift
                if byte < _MORE:
                    break
                shift += 7
                if shift > _LAST_SHIFT:
                    raise ValueError("a number is too large")
        except IndexError:
            raise ValueError("the bytes end too early") from None
        self.at = at + 1
        return value

    def byte(self) -> int:
        """Read one byte."""
        if self.at >= len(self.data):
            raise ValueError("the bytes end too early")
        self.at += 1
        return self.data[self.at - 1]

    def skip(self, length: int) -> None:
        """Leave some bytes out."""
        self.at += length
        if self.at > len(self.data):
            raise ValueError("the bytes end too early")

    def buffer(self) -> bytes:
        """Read bytes that carry their length in front."""
        length = self.number()
        start = self.at
        self.skip(length)
        return self.data[start : self.at]

    def text(self) -> str:
        """Read a text."""
        return self.buffer().decode()

    @property
    def ended(self) -> bool:
        """Whether everything was read."""
        return self.at == len(self.data)
