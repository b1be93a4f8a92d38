"""What the front says itself: documents that need no twin, and errors, as Matrix writes them."""

import json
from dataclasses import dataclass, replace
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Final

CORS: Final = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE, OPTIONS"),
    ("Access-Control-Allow-Headers", "X-Requested-With, Content-Type, Authorization, Date"),
)
"""As Synapse says it, so that clients in browsers can read why something failed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: HTTPStatus
    body: bytes = b""
    content_type: str = "application/json"
    location: str | None = None

    def headers(self, *, last: bool) -> list[tuple[str, str]]:
        """Return its headers; `last` when the connection is closed after it."""
        return [
            ("Date", formatdate(usegmt=True)),
            *([("Content-Type", self.content_type)] if self.body else []),
            *([("Location", self.location)] if self.location else []),
            # RFC 9110 has none where there can't be a body.
            *(
                [("Content-Length", str(len(self.body)))]
                if self.status is not HTTPStatus.NO_CONTENT
                else []
            ),
            *CORS,
            *([("Connection", "close")] if last else []),
        ]


class Refused(Exception):
    """A request that goes no further, and what its client is told.

    With `last`, nothing that comes after it is looked at: whoever writes such a request may mean
    something else by its end than we do.
    """

    def __init__(
        self, status: HTTPStatus, errcode: str, sentence: str, *, last: bool = False
    ) -> None:
        super().__init__(sentence)
        self.last = last
        self.answer = Answer(status, as_json({"errcode": errcode, "error": sentence}))


def moved(location: str) -> Refused:
    """Return what leads a client elsewhere on the same server."""
    refused = Refused(HTTPStatus.FOUND, "M_UNRECOGNIZED", f"It is at {location}.")
    refused.answer = replace(refused.answer, location=location)
    return refused


def bad_request(sentence: str) -> Refused:
    """Return the refusal of what is no request as HTTP has it."""
    return Refused(HTTPStatus.BAD_REQUEST, "M_UNRECOGNIZED", sentence, last=True)


def down() -> Refused:
    """Return the refusal where nobody listens."""
    return Refused(HTTPStatus.BAD_GATEWAY, "M_UNKNOWN", "The twin of this name is down.")


def as_json(value: Any) -> bytes:
    """Return a value as it is sent."""
    return json.dumps(value, separators=(",", ":")).encode()


def path_of(target: bytes) -> str:
    """Return the path of a request's target as it was written, without its query."""
    return target.partition(b"?")[0].decode("ascii")
