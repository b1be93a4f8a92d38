"""The public web around fake servers: what stands at addresses, as a test put it there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from twin_module.core.errors import TooLarge, Unreachable
from twin_module.core.ports import WebAnswer


@dataclass
class FakePage:
    """What stands at one address."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    """By name in small letters."""
    tagged: bool = False
    """Whether it has an `ETag`, and answers 304 to who names it."""


class FakeWeb:
    """Pages by address; whatever has none does not answer."""

    def __init__(self) -> None:
        self.pages: dict[str, FakePage] = {}
        self.private: set[str] = set()
        """Addresses that lie in the host's own network."""
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        """Who asked for what, with which headers, oldest first."""

    def answer(self, url: str, headers: Mapping[str, str], most: int) -> WebAnswer:
        """Answer one request."""
        self.asked.append((url, dict(headers)))
        page = self.pages.get(url)
        if page is None or url in self.private:
            raise Unreachable("Nobody answers at this address.")
        shown = dict(page.headers)
        if page.tagged:
            shown["etag"] = f'"{sha256(page.body).hexdigest()[:8]}"'
            if headers.get("If-None-Match") == shown["etag"]:
                return WebAnswer(304, shown)
        if page.status != 200:  # noqa: PLR2004
            return WebAnswer(page.status, shown)
        if len(page.body) > most:
            raise TooLarge(f"What is at this address has more than {most} bytes.")
        return WebAnswer(200, shown, page.body)
