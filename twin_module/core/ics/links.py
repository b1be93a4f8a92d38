"""Where it is, and what belongs to it: LOCATION, GEO, CONFERENCE, URL, ATTACH, LINK.

In JSCalendar these are locations, virtualLocations and links (RFC 8984, sections 4.2.5, 4.2.6 and
4.2.7). A file that stands in the calendar itself becomes a link with a `data:` URI (RFC 2397).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeGuard

from twin_module.core.content_lines import Line, escaped, param_text, unescaped
from twin_module.core.ics.kept import Taking, in_order

_MAX: Final = 100
_MAX_URI: Final = 2000
_MAX_NAME: Final = 1000
_MAX_REL: Final = 64
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f]+")
_UNSAFE: Final = ("javascript:", "data:", "vbscript:")
"""Schemes that no link of a stranger leads to; a file in the calendar is another matter."""
_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,100}/[A-Za-z0-9!#$&^_.+-]{1,100}")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_DATA: Final = re.compile(r"data:([A-Za-z0-9!#$&^_.+/-]*);base64,([A-Za-z0-9+/]+={0,2})")
_GEO: Final = re.compile(
    r"\s*([+-]?[0-9]{1,3}(?:\.[0-9]{1,20})?)\s*;\s*([+-]?[0-9]{1,3}(?:\.[0-9]{1,20})?)\s*"
)
_COORDINATES: Final = re.compile(r"geo:(-?[0-9]{1,3}(?:\.[0-9]+)?),(-?[0-9]{1,3}(?:\.[0-9]+)?)")
_MEETING: Final = re.compile(
    r"https://(?:[a-z0-9-]+\.)*(?:zoom\.us|zoom\.com|meet\.google\.com|teams\.microsoft\.com"
    r"|teams\.live\.com|webex\.com|meet\.jit\.si|whereby\.com)/\S+",
    re.IGNORECASE,
)
"""Where the URL of an event is not a page about it, but where people meet."""
_CALLS: Final = ("CONFERENCE", "X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL")


# Places


def read_places(lines: Taking, content: dict[str, Any]) -> None:
    """Read where it is, on the ground and on the net."""
    place: dict[str, Any] = {}
    name, geo = lines.once("LOCATION"), lines.once("GEO")
    text = unescaped(name.value) if name is not None else ""
    if text and len(text) <= _MAX_NAME:
        place["name"] = text
        lines.take_name("LOCATION")
    found = _GEO.fullmatch(geo.value) if geo is not None else None
    if found:
        place["coordinates"] = "geo:" + ",".join(each.removeprefix("+") for each in found.groups())
        lines.take_name("GEO")
    if place:
        content["locations"] = {"1": {"@type": "Location", **place}}
    calls: dict[str, dict[str, Any]] = {}
    for line in (*(each for name in _CALLS for each in lines.all(name)), *_meetings(lines)):
        if _is_uri(line.value) and len(calls) < _MAX and not _has_uri(calls, line.value):
            calls[str(len(calls) + 1)] = _call(line)
            lines.take(line)
    if calls:
        content["virtualLocations"] = calls


def _meetings(lines: Taking) -> list[Line]:
    return [line for line in lines.all("URL") if _MEETING.fullmatch(line.value)]


def _is_uri(value: str) -> bool:
    return (
        len(value) <= _MAX_URI
        and _URI.fullmatch(value) is not None
        and not value.lower().startswith(_UNSAFE)
    )


def _has_uri(calls: Mapping[str, Mapping[str, Any]], uri: str) -> bool:
    return any(each["uri"] == uri for each in calls.values())


def _call(line: Line) -> dict[str, Any]:
    call: dict[str, Any] = {"@type": "VirtualLocation", "uri": line.value}
    label = line.param("LABEL")
    if label and len(label) <= _MAX_NAME:
        call["name"] = label
    features = [each.lower() for each in line.params.get("FEATURE", ()) if each]
    if features:
        call["features"] = dict.fromkeys(features, True)
    return call


def write_places(content: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of where it is."""
    places = [each for _, each in in_order(content, "locations") if each.get("relativeTo") != "end"]
    name = next((each["name"] for each in places if _filled(each.get("name"))), None)
    if name:
        yield f"LOCATION:{escaped(name)}"
    for each in places:
        coordinates = each.get("coordinates")
        found = _COORDINATES.fullmatch(coordinates) if isinstance(coordinates, str) else None
        if found:
            yield f"GEO:{found[1]};{found[2]}"
            break
    for _, each in in_order(content, "virtualLocations"):
        uri, label, features = (each.get(key) for key in ("uri", "name", "features"))
        if not isinstance(uri, str) or not _URI.fullmatch(uri):
            continue
        words = sorted(features) if isinstance(features, Mapping) else []
        params = param_text("FEATURE", [word.upper() for word in words]) if words else ""
        params += param_text("LABEL", [label]) if _filled(label) else ""
        yield f"CONFERENCE;VALUE=URI{params}:{uri}"


def _filled(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value)


# Links


def read_links(lines: Taking, content: dict[str, Any], all_lines: list[Line]) -> None:
    """Read what belongs to it, in the order of the file."""
    calls = content.get("virtualLocations", {})
    links: dict[str, dict[str, Any]] = {}
    for line in all_lines:
        if line.name not in ("URL", "ATTACH", "LINK") or len(links) == _MAX:
            continue
        if line.name == "URL" and _has_uri(calls, line.value):
            continue
        link = _link(line)
        if link is not None:
            links[str(len(links) + 1)] = link
            lines.take(line)
    if links:
        content["links"] = links


def _link(line: Line) -> dict[str, Any] | None:
    media_type, title = line.param("FMTTYPE"), line.param("FILENAME") or line.param("LABEL")
    href = _inline(line, media_type) if line.name == "ATTACH" else None
    if href is None:
        if not _is_uri(line.value) or (line.param("VALUE") or "URI").upper() != "URI":
            return None
        href = line.value
    link: dict[str, Any] = {"@type": "Link", "href": href}
    if media_type and _MEDIA_TYPE.fullmatch(media_type):
        link["contentType"] = media_type
    if title and len(title) <= _MAX_NAME:
        link["title"] = title
    if line.name == "LINK":
        rel = line.param("LINKREL")
        return {**link, "rel": rel} if rel and len(rel) <= _MAX_REL else link
    return {**link, "rel": "enclosure" if line.name == "ATTACH" else "describedby"}


def _inline(line: Line, media_type: str | None) -> str | None:
    """Return a file that stands in the line as a URI, None where none does."""
    is_binary = (line.param("VALUE") or "").upper() == "BINARY"
    if not is_binary or not _BASE64.fullmatch(line.value):
        return None
    known = media_type if media_type and _MEDIA_TYPE.fullmatch(media_type) else ""
    return f"data:{known};base64,{line.value}"


def write_links(content: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of what belongs to it."""
    has_page = False
    for _, link in in_order(content, "links"):
        href, rel = link.get("href"), link.get("rel")
        if not isinstance(href, str) or not _URI.fullmatch(href):
            continue
        if rel == "describedby" and not has_page and not _MEETING.fullmatch(href):
            has_page = True
            yield f"URL{_about(link, 'LABEL')}:{href}"
            continue
        inline = _DATA.fullmatch(href)
        if inline is not None:
            params = _about(link, "FILENAME", inline[1])
            yield f"ATTACH{params};ENCODING=BASE64;VALUE=BINARY:{inline[2]}"
        elif rel == "enclosure":
            yield f"ATTACH{_about(link, 'FILENAME')}:{href}"
        else:
            words = param_text("LINKREL", [rel]) if _filled(rel) else ""
            yield f"LINK;VALUE=URI{words}{_about(link, 'LABEL')}:{href}"


def _about(link: Mapping[str, Any], name: str, media_type: str = "") -> str:
    kind, title = link.get("contentType"), link.get("title")
    known = kind if _filled(kind) else media_type
    found = param_text("FMTTYPE", [known]) if known else ""
    return found + (param_text(name, [title]) if _filled(title) else "")
