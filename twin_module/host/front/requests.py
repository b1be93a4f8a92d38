"""What a request has to be like before anybody looks at what it asks for, and which of its headers go on.

The library that reads HTTP forgives some forms of old; where programs in a row forgive different
things, one can hide a request from another. So there is nothing to forgive here.
"""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final, TypeAlias

from h11 import Request

from twin_module.host.front.answers import Refused, bad_request
from twin_module.host.front.limits import Limits

Headers: TypeAlias = list[tuple[bytes, bytes]]

STRANGE: Final = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"  # characters that steer something
    rb"|(?<!\r)\n|\r(?=[^\n])"  # half an end of a line
    rb"|\r\n[ \t]"  # a header that goes on in the next line
)
HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""RFC 9110, section 7.6.1, and those of old: they are about one connection."""
FRAMING: Final = frozenset({b"host", b"content-length"})
"""What no `Connection` can take out of a message."""
UNSERVED: Final = frozenset({b"CONNECT", b"TRACE"})
WEBSOCKET: Final = b"websocket"


def check_bytes(head: bytes | bytearray, limits: Limits) -> None:
    """Refuse a head, or what has come of it.

    Raises:
        Refused: it is too long, or not as HTTP has it.
    """
    if len(head) > limits.head_bytes:
        raise _too_large(f"more than {limits.head_bytes} bytes")
    if STRANGE.search(head):
        raise bad_request("The head of the request has characters in it that HTTP does not allow.")


def check(request: Request, limits: Limits) -> None:
    """Refuse what no twin has to see.

    Raises:
        Refused: says why.
    """
    if request.http_version not in {b"1.0", b"1.1"}:
        raise Refused(
            HTTPStatus.HTTP_VERSION_NOT_SUPPORTED,
            "M_UNRECOGNIZED",
            "HTTP/1.1 is spoken here.",
            last=True,
        )
    if len(request.headers) > limits.headers:
        raise _too_large(f"more than {limits.headers} headers")
    if request.method in UNSERVED:
        raise Refused(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "M_UNRECOGNIZED",
            "This method is not served here.",
            last=True,
        )
    if not request.target.startswith(b"/"):
        raise bad_request("A request has to name a path, not a whole address.")
    if header(request, b"transfer-encoding") is not None and (
        header(request, b"content-length") is not None or request.http_version == b"1.0"
    ):
        raise bad_request("It can't be told how long the body of the request is.")


def header(request: Request, name: bytes) -> bytes | None:
    """Return the first header of a name, in small letters."""
    return next((value for each, value in request.headers if each == name), None)


def wants_websocket(request: Request) -> bool:
    """Tell whether a request asks for a WebSocket; no other protocol is handed on."""
    options = {each.strip().lower() for each in (header(request, b"connection") or b"").split(b",")}
    return (
        request.method == b"GET"
        and request.http_version == b"1.1"
        and b"upgrade" in options
        and (header(request, b"upgrade") or b"").strip().lower() == WEBSOCKET
        and header(request, b"transfer-encoding") is None
        and header(request, b"content-length") in {None, b"0"}
    )


def to_twin(request: Request, address: str, server_name: str, *, tls: bool) -> Request:
    """Return a request as the twin gets it.

    Args:
        request: as the client wrote it.
        address: the client's.
        server_name: the twin's, for old clients that name no host.
        tls: whether the client came with TLS.
    """
    headers = [each for each in passing(request.headers) if not _is_said_by_proxies(each[0])]
    if header(request, b"host") is None:
        headers.append((b"Host", server_name.encode()))
    if request.http_version == b"1.0":
        headers = [each for each in headers if each[0] != b"expect"]
    if header(request, b"transfer-encoding") is not None:
        headers.append((b"Transfer-Encoding", b"chunked"))
    headers += [
        (b"X-Forwarded-For", address.encode()),
        (b"X-Forwarded-Proto", b"https" if tls else b"http"),
        # A connection that stays open would keep the twin awake, and making one costs little.
        *(switching() if wants_websocket(request) else [(b"Connection", b"close")]),
    ]
    return Request(method=request.method, target=request.target, headers=headers)


def switching() -> Headers:
    """Return the headers of a connection that becomes a WebSocket."""
    return [(b"Connection", b"Upgrade"), (b"Upgrade", WEBSOCKET)]


def passing(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return those headers that are not about one connection only."""
    headers = list(headers)
    named = {
        option.strip().lower()
        for name, value in headers
        if name == b"connection"
        for option in value.split(b",")
    }
    dropped = HOP_BY_HOP | (named - FRAMING)
    return [each for each in headers if each[0] not in dropped]


def _is_said_by_proxies(name: bytes) -> bool:
    """Tell whether a header is the word of a proxy, which a client can't be believed."""
    # Interfaces of old read both as the same.
    name = name.replace(b"_", b"-")
    return name in {b"forwarded", b"x-real-ip"} or name.startswith(b"x-forwarded-")


def _too_large(what: str) -> Refused:
    return Refused(
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        "M_TOO_LARGE",
        f"The head of the request has {what}.",
        last=True,
    )
