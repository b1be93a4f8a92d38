"""A client of CalDAV and CardDAV servers: requests as apps make them, and answers taken apart.

Paths are those of `href`, decoded: from the slash after the host on (RFC 4918, 4791, 6352, 6578).
"""

import base64
import http.client
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from twin_module.testing.person import Answer

NAMESPACES: Final[Mapping[str, str]] = {
    "D": "DAV:",
    "C": "urn:ietf:params:xml:ns:caldav",
    "CR": "urn:ietf:params:xml:ns:carddav",
    "CS": "http://calendarserver.org/ns/",
    "ICAL": "http://apple.com/ns/ical/",
}
DECLARED: Final = " ".join(f'xmlns:{short}="{name}"' for short, name in NAMESPACES.items())
CALENDAR, ADDRESS_BOOK = "C:calendar", "CR:addressbook"


@dataclass(frozen=True, slots=True)
class Shown:
    """What an answer says of one resource."""

    status: int
    """The resource's own; 200 where the answer is about its properties."""
    found: Mapping[str, ET.Element] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    """Status by property, of those that are not there or may not be changed."""

    def text(self, name: str) -> str:
        """Return a property's text; the empty one where there is no such property."""
        return (self.found[name].text or "") if name in self.found else ""

    def inside(self, name: str) -> set[str]:
        """Return the names of all elements inside a property."""
        return {short(each.tag) for each in self.found[name].iter()} - {name}

    def href(self, name: str) -> str:
        """Return the path that a property holds."""
        element = self.found[name].find("{DAV:}href")
        assert element is not None, f"{name} holds no href"
        return unquote(element.text or "")


def short(tag: str) -> str:
    """Return `D:href` for `{DAV:}href`."""
    namespace, _, name = tag[1:].rpartition("}")
    for prefix, known in NAMESPACES.items():
        if known == namespace:
            return f"{prefix}:{name}"
    return tag


def elements(names: Iterable[str]) -> str:
    """Write empty elements."""
    return "".join(f"<{name}/>" for name in names)


def status_of(element: ET.Element) -> int:
    """Return the number in a status line."""
    return int((element.findtext("{DAV:}status") or "HTTP/1.1 200").split()[1])


def resources(answer: Answer) -> dict[str, Shown]:
    """Take the answer 207 apart, by path; paths are decoded."""
    assert answer.status == HTTPStatus.MULTI_STATUS, f"{answer.status}: {answer.body!r}"
    root = ET.fromstring(answer.body)  # noqa: S314 - from a server that a test started
    assert short(root.tag) == "D:multistatus"
    shown: dict[str, Shown] = {}
    for response in root.iterfind("{DAV:}response"):
        path = unquote(response.findtext("{DAV:}href") or "")
        assert path not in shown, f"{path} stands twice in one answer"
        found: dict[str, ET.Element] = {}
        refused: dict[str, int] = {}
        for stated in response.iterfind("{DAV:}propstat"):
            for prop in stated.iterfind("{DAV:}prop/*"):
                if status_of(stated) == HTTPStatus.OK:
                    found[short(prop.tag)] = prop
                else:
                    refused[short(prop.tag)] = status_of(stated)
        shown[path] = Shown(status_of(response), found, refused)
    return shown


def condition(answer: Answer) -> set[str]:
    """Return the names of the conditions that a refusal names in its `DAV:error`."""
    root = ET.fromstring(answer.body)  # noqa: S314 - from a server that a test started
    assert short(root.tag) == "D:error"
    return {short(each.tag) for each in root}


@dataclass(frozen=True, slots=True)
class Dav:
    """A server as one person's app knows it."""

    url: str
    root: str
    """The path that the app was given."""
    username: str
    password: str
    address: str = "127.0.0.1"
    """Where the app is, on loopback."""

    @property
    def home(self) -> str:
        """Where the person's calendars and address books are."""
        return f"{self.root}{self.username}/"

    @property
    def signed_in(self) -> dict[str, str]:
        """The headers that say who asks."""
        secret = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {secret}"}

    def ask(
        self,
        method: str,
        path: str,
        body: str | bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make one request as the person."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=120, source_address=(self.address, 0)
        )
        try:
            data = body.encode() if isinstance(body, str) else body
            connection.request(method, quote(path), data, {**self.signed_in, **(headers or {})})
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()

    def xml(self, method: str, path: str, body: str, depth: str = "0") -> Answer:
        """Send XML; prefixes are those of `NAMESPACES`, and they are declared here."""
        name = body[1:].partition(">")[0].partition(" ")[0].rstrip("/")
        declared = f'<?xml version="1.0"?>{body.replace(name, f"{name} {DECLARED}", 1)}'
        headers = {"Depth": depth, "Content-Type": "application/xml; charset=utf-8"}
        return self.ask(method, path, declared, headers)

    def propfind(self, path: str, *names: str, depth: str = "0") -> dict[str, Shown]:
        """Ask for properties."""
        body = f"<D:propfind><D:prop>{elements(names)}</D:prop></D:propfind>"
        return resources(self.xml("PROPFIND", path, body, depth))

    def prop(self, path: str, *names: str) -> Shown:
        """Ask for properties of one resource."""
        return self.propfind(path, *names)[path]

    def proppatch(self, path: str, change: str) -> Shown:
        """Set and remove properties: `<D:set><D:prop>…`."""
        body = f"<D:propertyupdate>{change}</D:propertyupdate>"
        return resources(self.xml("PROPPATCH", path, body))[path]

    def report(self, path: str, body: str, depth: str = "1") -> dict[str, Shown]:
        """Ask a REPORT that is answered with resources."""
        return resources(self.xml("REPORT", path, body, depth))

    def query(self, path: str, filters: str, *names: str) -> dict[str, Shown]:
        """Ask a calendar for entries that match a filter below VCALENDAR."""
        return self.report(
            path,
            f"<C:calendar-query><D:prop>{elements(names or ['D:getetag'])}</D:prop><C:filter>"
            f'<C:comp-filter name="VCALENDAR">{filters}</C:comp-filter>'
            "</C:filter></C:calendar-query>",
        )

    def multiget(self, path: str, hrefs: Iterable[str], data: str) -> dict[str, Shown]:
        """Ask for entries by their paths; `data` is `C:calendar-data` or `CR:address-data`."""
        kind = "C:calendar-multiget" if data.startswith("C:") else "CR:addressbook-multiget"
        wanted = "".join(f"<D:href>{quote(href)}</D:href>" for href in hrefs)
        body = f"<{kind}><D:prop><D:getetag/><{data}/></D:prop>{wanted}</{kind}>"
        return self.report(path, body)

    def sync_answer(self, path: str, token: str) -> Answer:
        """Ask what changed since a token; the empty one is for everything."""
        body = (
            f"<D:sync-collection><D:sync-token>{token}</D:sync-token>"
            "<D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>"
        )
        return self.xml("REPORT", path, body)

    def sync(self, path: str, token: str = "") -> tuple[str, dict[str, int]]:
        """Return the next token, and the status of each entry that changed: 200, or 404 if it went."""
        answer = self.sync_answer(path, token)
        changed = {href: each.status for href, each in resources(answer).items()}
        root = ET.fromstring(answer.body)  # noqa: S314 - from a server that a test started
        return root.findtext("{DAV:}sync-token") or "", changed

    def put(self, path: str, text: str, **conditions: str) -> Answer:
        """Write an entry; `if_match` and the like become headers."""
        kind = "text/vcard" if text.startswith("BEGIN:VCARD") else "text/calendar"
        headers = {name.replace("_", "-").title(): value for name, value in conditions.items()}
        return self.ask("PUT", path, text, {"Content-Type": f"{kind}; charset=utf-8", **headers})

    def move(self, path: str, destination: str, **conditions: str) -> Answer:
        """Move an entry."""
        headers = {name.title(): value for name, value in conditions.items()}
        where = f"{self.url}{quote(destination)}"
        return self.ask("MOVE", path, headers={"Destination": where, **headers})

    def get(self, path: str) -> str:
        """Return an entry, or all of a collection, as text."""
        return bytes(self.ask("GET", path).ok()).decode()

    def etag(self, path: str) -> str:
        """Return the revision of an entry, quotes included."""
        return self.prop(path, "D:getetag").text("D:getetag")

    def collections(self, kind: str) -> dict[str, str]:
        """Return the names of the calendars or of the address books, by path."""
        listed = self.propfind(self.home, "D:resourcetype", "D:displayname", depth="1")
        return {
            path: each.text("D:displayname")
            for path, each in listed.items()
            if "D:resourcetype" in each.found and kind in each.inside("D:resourcetype")
        }
