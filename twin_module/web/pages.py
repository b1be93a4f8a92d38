"""Serves the page: the files that `npm run build` made, under `/_synapse/client/twin/`.

Every address that is none of a file is a view of the page, which finds out by itself which one.
"""

import hashlib
import re
from http import HTTPStatus
from mimetypes import guess_type
from pathlib import Path
from typing import Final

from synapse.http.server import finish_request
from synapse.http.site import SynapseRequest
from synapse.module_api import DirectServeHtmlResource, ModuleApi
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

BUILT: Final = Path(__file__).parent / "built"
HASHED: Final = "assets/"
"""Where files lie whose name holds a hash of their content."""
_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)?")
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
_UNWANTED: Final = re.compile(r"q=0(\.0{0,3})?")
"""What stands behind an encoding that must not be used (RFC 9110, section 12.4.2)."""
_TYPES: Final = {
    ".js": "text/javascript",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
}
_POLICY: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types twin-worker",
)
_HEADERS: Final = {
    "Content-Security-Policy": "; ".join(_POLICY),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
WIDGET: Final = "widget.html"
"""The page that clients frame. It stores nothing, is signed in nowhere, and shows one collection to
whoever has its secret; so any client may frame it, wherever it is served from."""
_FRAMERS: Final = (
    "https:",
    # Element's app for desktops.
    "vector:",
    "http://localhost:*",
    "http://127.0.0.1:*",
)
_WIDGET_POLICY: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    f"frame-ancestors {' '.join(_FRAMERS)}",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
)
_WIDGET_HEADERS: Final = {
    name: "; ".join(_WIDGET_POLICY) if name == "Content-Security-Policy" else value
    for name, value in _HEADERS.items()
    if name != "X-Frame-Options"
}
_NOT_BUILT: Final = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Twin</title>
<h1>This twin has no page yet</h1>
<p>The twin runs. Its page is built with Node.js 20.19 or later: install that, then run <code>scripts/up</code> again.</p>
</html>
"""


class PageResource(Resource):
    """Everything under `/_synapse/client/twin/` that is not the API, which is a child of this."""

    def __init__(self, api: ModuleApi, built: Path = BUILT) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's
        self._view = _Files(api, built)

    def getChild(self, path: bytes, request: SynapseRequest) -> Resource:
        """Serve everything below by one resource: no view's address may end up at the API's child."""
        request.postpath = [*(request.prepath or ())[-1:], *(request.postpath or ())]
        return self._view

    def render(self, request: SynapseRequest) -> int:
        """Send who leaves the slash out to where relative addresses hold."""
        request.redirect(request.path + b"/")
        return _ended(request)


class ShortAddress(Resource):
    """Sends whoever comes to an address that can be remembered to the page."""

    isLeaf = True

    def __init__(self, target: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's
        self._target = target.encode() + b"/"

    def render(self, request: SynapseRequest) -> int:
        """Send them there."""
        request.redirect(self._target)
        return _ended(request)


class _Files(DirectServeHtmlResource):
    isLeaf = True

    def __init__(self, api: ModuleApi, built: Path) -> None:
        super().__init__(clock=api._hs.get_clock())  # noqa: SLF001 - without it, Synapse makes a clock that never stops
        self._api = api
        self._built = built

    async def _async_render_GET(self, request: SynapseRequest) -> None:
        name = b"/".join(request.postpath or ()).decode("ascii", "replace") or "index.html"
        status, content, path, encoding = await self._api.defer_to_thread(
            self._read, name, (request.getHeader(b"Accept-Encoding") or b"").decode("latin-1")
        )
        for header, value in (_WIDGET_HEADERS if path.name == WIDGET else _HEADERS).items():
            request.setHeader(header.encode(), value.encode())
        request.setHeader(b"Content-Type", _type(path).encode())
        request.setHeader(b"Vary", b"Accept-Encoding")
        fixed = status == HTTPStatus.OK and name.startswith(HASHED)
        request.setHeader(
            b"Cache-Control", b"public, max-age=31536000, immutable" if fixed else b"no-cache"
        )
        if encoding:
            request.setHeader(b"Content-Encoding", encoding.encode())
        request.setResponseCode(status)
        tag = b'"' + hashlib.sha256(content).hexdigest()[:32].encode() + b'"'
        if status == HTTPStatus.OK and request.setETag(tag):
            finish_request(request)
            return
        request.setHeader(b"Content-Length", b"%d" % len(content))
        if request.method != b"HEAD":
            request.write(content)
        finish_request(request)

    def _read(self, name: str, accepted: str) -> tuple[int, bytes, Path, str | None]:
        """Return status, content, the file whose type it has, and how it is compressed."""
        path = self._built / "index.html"
        if _NAME.fullmatch(name) and (self._built / name).is_file():
            path = self._built / name
        elif name.startswith(HASHED):
            return HTTPStatus.NOT_FOUND, b"", path, None
        for encoding, suffix in _ENCODINGS:
            compressed = path.with_name(path.name + suffix)
            if _accepts(accepted, encoding) and compressed.is_file():
                return HTTPStatus.OK, compressed.read_bytes(), path, encoding
        if not path.is_file():
            return HTTPStatus.SERVICE_UNAVAILABLE, _NOT_BUILT, path, None
        return HTTPStatus.OK, path.read_bytes(), path, None


def _accepts(accepted: str, encoding: str) -> bool:
    for each in accepted.lower().split(","):
        name, *parameters = (part.strip() for part in each.split(";"))
        if name == encoding:
            return not any(_UNWANTED.fullmatch(parameter) for parameter in parameters)
    return False


def _type(path: Path) -> str:
    kind = _TYPES.get(path.suffix) or guess_type(path.name)[0] or "application/octet-stream"
    is_text = kind.startswith("text/") or kind.endswith(("json", "xml"))
    return f"{kind}; charset=utf-8" if is_text else kind


def _ended(request: SynapseRequest) -> int:
    finish_request(request)
    return NOT_DONE_YET
