"""CalDAV and CardDAV in Synapse's web server: lets the owner's apps in, and Radicale answer.

Radicale works in threads of the twin's own, never on the reactor.
"""

from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from synapse.http.server import finish_request
from synapse.http.site import SynapseRequest
from synapse.module_api import DirectServeJsonResource, ModuleApi
from twisted.web.resource import Resource

from twin_module.core.errors import NotReady, TooLarge, TooOften, TwinError
from twin_module.dav.answers import MOST_BYTES, error_answer
from twin_module.dav.desk import Desk
from twin_module.engine.synapse_starting import until_ready
from twin_module.engine.synapse_threads import Threads
from twin_module.engine.synapse_web import was_cut
from twin_module.engine.twin import Twin

if TYPE_CHECKING:
    from twin_module.dav.application import DavApplication

REALM: Final = "Your twin: sign in with an app password"
_READS: Final = (b"GET", b"HEAD")
_ITEM: Final = ("owner", "book", "item")
"""The parts of an item's path."""
MOST_WAITING: Final = 64
"""How many requests may be under way at once; more are asked to come again."""


class DavResource(DirectServeJsonResource):
    """Everything under `/_synapse/client/twin/dav/`."""

    isLeaf = True

    def __init__(self, api: ModuleApi, twin: Twin, threads: Threads, prefix: str) -> None:
        super().__init__(clock=api._hs.get_clock())  # noqa: SLF001 - without it, Synapse makes a clock that never stops
        self._twin = twin
        self._threads = threads
        self._prefix = prefix
        self._application: DavApplication | None = None
        self._under_way = 0

    async def _async_render(self, request: SynapseRequest) -> tuple[int, Any] | None:
        try:
            await self._serve(request)
        except TwinError as error:
            status, headers, body, _ = error_answer(error)
            _send(request, status, headers.items(), body)
        return None

    async def _serve(self, request: SynapseRequest) -> None:
        user = self._twin.homeserver.owner[1:].partition(":")[0]
        if not await self._is_owner(request):
            return
        await until_ready(self._twin)
        if self._under_way >= MOST_WAITING:
            request.setHeader(b"Retry-After", b"5")
            raise NotReady("Too much is asked at once; try again in a moment.")
        body = _body(request)
        self._under_way += 1
        try:
            await self._twin.follow()
            books = await self._twin.dav.books.all()
            desk = Desk(self._twin.dav, user, body, books)
            path = [part.decode("utf-8", "replace") for part in request.postpath or ()]
            if len(path) == len(_ITEM):
                await desk.look_at(*path[1:])
            environ = self._environ(request, path, user, body)
            if request.method in _READS and desk.is_complete() and self._application is not None:
                # All of it is here: a thread would take longer than the answer.
                status, headers, answer = self._answer(environ, desk)
            else:
                desk.wait = self._threads.wait
                status, headers, answer = await self._threads.run(
                    lambda: self._answer(environ, desk)
                )
        finally:
            self._under_way -= 1
        _send(request, status, headers, answer)

    def _answer(
        self, environ: dict[str, Any], desk: Desk
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Have Radicale answer; in a thread of the twin's own."""
        if self._application is None:
            # Radicale and what it stands on take memory that a twin without such apps can spare.
            from twin_module.dav.application import DavApplication  # noqa: PLC0415

            self._application = DavApplication()
        started: list[tuple[int, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]]) -> None:
            started.append((int(status.split(maxsplit=1)[0]), headers))

        parts: Iterable[bytes] = self._application.at(desk)(environ, start_response)
        [(status, headers)] = started
        return status, headers, b"".join(parts)

    async def _is_owner(self, request: SynapseRequest) -> bool:
        """Tell whether the owner asks; whoever else does is answered here."""
        address = getattr(request.getClientAddress(), "host", None) or ""
        passwords = self._twin.app_passwords
        wait_ms = passwords.wait(address)
        if wait_ms:
            request.setHeader(b"Retry-After", str(-(-wait_ms // 1000)).encode())
            raise TooOften("Too many wrong passwords came from this address; wait a little.")
        given = _credentials(request)
        if given is not None and await passwords.admits(given, address):
            return True
        headers = [
            ("WWW-Authenticate", f'Basic realm="{REALM}", charset="UTF-8"'),
            ("Content-Type", "text/plain; charset=utf-8"),
        ]
        sentence = "Sign in with your name and an app password, which your twin's page makes.\n"
        _send(request, HTTPStatus.UNAUTHORIZED, headers, sentence.encode())
        return False

    def _environ(
        self, request: SynapseRequest, path: Sequence[str], user: str, body: bytes
    ) -> dict[str, Any]:
        """Return a request in WSGI's words (PEP 3333); who asks is said by us alone."""
        headers = {
            f"HTTP_{name.decode('ascii', 'replace').upper().replace('-', '_')}": b",".join(
                values
            ).decode("latin-1")
            for name, values in request.requestHeaders.getAllRawHeaders()
        }
        for unwanted in ("HTTP_AUTHORIZATION", "HTTP_COOKIE", "HTTP_X_SCRIPT_NAME"):
            headers.pop(unwanted, None)
        content_type = headers.pop("HTTP_CONTENT_TYPE", "")
        headers.pop("HTTP_CONTENT_LENGTH", None)
        return {
            **headers,
            "HTTP_X_REMOTE_USER": user,
            "REQUEST_METHOD": request.method.decode("ascii", "replace"),
            "SCRIPT_NAME": self._prefix,
            "PATH_INFO": "/" + "/".join(path),
            "QUERY_STRING": request.uri.partition(b"?")[2].decode("latin-1"),
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": request.getRequestHostname().decode("ascii", "replace"),
            "SERVER_PORT": str(getattr(request.getHost(), "port", 443)),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "https" if request.isSecure() else "http",
            "wsgi.input": BytesIO(body),
            "wsgi.errors": _Silent(),
        }


class WellKnown(Resource):
    """`/.well-known/caldav` and `/.well-known/carddav` (RFC 6764): says where to go."""

    isLeaf = True

    def __init__(self, prefix: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._prefix = prefix

    def render(self, request: Any) -> bytes:
        """Redirect whatever is asked, since apps begin with PROPFIND."""
        request.setResponseCode(HTTPStatus.MOVED_PERMANENTLY)
        request.setHeader(b"Location", f"{self._prefix}/".encode())
        request.setHeader(b"Content-Length", b"0")
        return b""


class _Silent:
    """Where Radicale would write errors; what is worth it stands in the server's log."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        pass


def _credentials(request: SynapseRequest) -> str | None:
    """Return name and password as the app gave them, with a colon between (RFC 7617)."""
    header = request.getHeader(b"Authorization") or b""
    scheme, _, value = header.partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        return b64decode(value.strip(), validate=True).decode()
    except (BadBase64, ValueError):
        return None


def _body(request: SynapseRequest) -> bytes:
    data: bytes = request.content.read() if request.content else b""
    if was_cut(request) or len(data) > MOST_BYTES:
        raise TooLarge(f"A request may have {MOST_BYTES} bytes.")
    return data


def _send(
    request: SynapseRequest, status: int, headers: Iterable[tuple[str, str]], body: bytes
) -> None:
    request.setResponseCode(status)
    for name, value in headers:
        request.setHeader(name.encode(), value.encode("latin-1", "replace"))
    request.setHeader(b"Content-Length", b"%d" % len(body))
    # What people wrote is never a page, and nothing to be kept on the way.
    request.setHeader(b"X-Content-Type-Options", b"nosniff")
    request.setHeader(b"Cache-Control", b"no-store")
    if request.method != b"HEAD":
        request.write(body)
    finish_request(request)
