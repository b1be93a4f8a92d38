"""What apps are told when something can't be done, in WebDAV's form (RFC 4918, section 16)."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from xml.etree import ElementTree as ET

from twin_module.core.errors import BadJson, Conflict, Forbidden, TwinError

MOST_BYTES: Final = 8 * 1024 * 1024
"""The largest request: a contact with a photograph fits many times over."""
_DAV: Final = "DAV:"
_CALDAV: Final = "urn:ietf:params:xml:ns:caldav"
_PRECONDITIONS: Final[Mapping[type[TwinError], tuple[HTTPStatus, str | None]]] = {
    Forbidden: (HTTPStatus.FORBIDDEN, f"{{{_DAV}}}need-privileges"),
    Conflict: (HTTPStatus.PRECONDITION_FAILED, None),
    BadJson: (HTTPStatus.FORBIDDEN, f"{{{_CALDAV}}}valid-calendar-data"),
}
_NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    """Return text without the characters that XML 1.0 (section 2.2) can't hold in any form."""
    return _NO_XML.sub("", text)


def error_answer(error: TwinError) -> tuple[int, dict[str, str], bytes, None]:
    """Return an error as status, headers and body, in Radicale's form of an answer."""
    status, precondition = _PRECONDITIONS.get(type(error), (HTTPStatus(error.status), None))
    root = ET.Element(f"{{{_DAV}}}error")
    if precondition is not None:
        ET.SubElement(root, precondition)
    ET.SubElement(root, f"{{{_DAV}}}responsedescription").text = printable(error.message)
    body = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return status, {"Content-Type": "application/xml; charset=utf-8"}, body, None
