"""Asking servers for pages: by name or at a place, over redirects, and never where they must not lead.

Where a stranger's page or record points to is their choice. So it is asked only at addresses that the
twin itself would talk to, and all that is asked for one server has one bound of time.
"""

import ipaddress
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from twin_module.core.canonical import shown
from twin_module.host.doctor.world import Answer, Handshake, NoAnswer, Service, World

SECONDS: Final = 20.0
"""For all that is asked of one server."""
MOST_REDIRECTS: Final = 5
MOST_ADDRESSES: Final = 4
HTTPS: Final = 443
REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))


class Asker:
    """Asks one server, and those that it points to."""

    def __init__(
        self,
        world: World,
        *,
        authorities: Sequence[Path] = (),
        may_reach: Callable[[str], bool],
        may_follow: Callable[[str], bool] | None = None,
        seconds: float = SECONDS,
    ) -> None:
        """Make it.

        Args:
            world: what to ask.
            authorities: files of certificates to trust instead of the system's.
            may_reach: tells for an IP address whether it may be asked at all.
            may_follow: the same for where a redirect leads; None is `may_reach`.
            seconds: how long all may take together.
        """
        self.world = world
        self.authorities = authorities
        self._may_reach = may_reach
        self._may_follow = may_follow or may_reach
        self._end = world.elapsed() + seconds

    def addresses(self, host: str) -> tuple[str, ...]:
        """Return the addresses of a host name or IP literal that may be asked.

        Raises:
            NoAnswer: it has none.
        """
        return self._permitted(host, self._may_reach)

    def services(self, name: str) -> Sequence[Service]:
        """Return SRV records.

        Raises:
            NoAnswer: nobody could say.
        """
        self._check_time()
        return self.world.services(name)

    def handshake(self, address: str, port: int, name: str) -> Handshake:
        """Shake hands with a server.

        Raises:
            NoAnswer: nothing there speaks TLS.
        """
        self._check_time()
        return self.world.handshake(address, port, name, self.authorities)

    def get_at(self, url: str, addresses: Sequence[str], port: int) -> Answer:
        """GET a URL from the first of these addresses that answers.

        Raises:
            NoAnswer: none does; tells why the last did not.
        """
        last = NoAnswer("name", "it has no address")
        for address in addresses:
            self._check_time()
            try:
                return self.world.get(url, address, port, self.authorities)
            except NoAnswer as error:
                last = error
        raise last

    def follow(self, url: str) -> Answer:
        """GET a URL, over a few redirects.

        Raises:
            NoAnswer: there is none; or the redirects have no end, or lead out of https or to where
                nobody may be led.
        """
        permitted, seen = self._may_reach, {url}
        for _ in range(MOST_REDIRECTS + 1):
            try:
                parts = urlsplit(url)
                host, port = parts.hostname or "", parts.port or HTTPS
            except ValueError:
                raise NoAnswer(
                    "garbled", f"it leads to {shown(url)}, which is no address"
                ) from None
            answer = self.get_at(url, self._permitted(host, permitted), port)
            if answer.status not in REDIRECTS:
                return answer
            url = _leads_to(url, answer)
            if url in seen:
                raise NoAnswer("garbled", f"its redirects go round in circles ({shown(url)})")
            seen.add(url)
            permitted = self._may_follow
        raise NoAnswer("garbled", f"it redirects more than {MOST_REDIRECTS} times")

    def _permitted(self, host: str, permitted: Callable[[str], bool]) -> tuple[str, ...]:
        self._check_time()
        found = [host] if is_address(host) else self.world.addresses(host)
        fit = tuple(each for each in found if permitted(each))
        if not fit:
            raise NoAnswer("private", f"{shown(host)} is at {found[0]}, which is no public address")
        return fit[:MOST_ADDRESSES]

    def _check_time(self) -> None:
        if self.world.elapsed() > self._end:
            raise NoAnswer("slow", "it takes too long")


def is_address(host: str) -> bool:
    """Tell whether a host is an IP address, without brackets."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def json_object(answer: Answer) -> dict[str, Any] | None:
    """Return the object that an answer is, None when it is anything else."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _leads_to(url: str, answer: Answer) -> str:
    try:
        target = urljoin(url, answer.headers.get("location", ""))
    except ValueError:
        target = ""
    if not target.startswith("https://"):
        raise NoAnswer("garbled", f"it leads out of https, to {shown(target) or 'nowhere'}")
    return target.partition("#")[0]
