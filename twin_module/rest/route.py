"""What a call of the API is: one declaration from which dispatch and description both come."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from twin_module.engine.twin import Twin


@dataclass(frozen=True, slots=True)
class Call:
    """A request, read and decoded."""

    path: Mapping[str, str]
    """The variable parts of the path by name."""
    query: Mapping[str, str]
    body: Any
    """Parsed JSON, or bytes where the call takes a file; None where it takes neither."""
    if_match: str | None = None
    """The revision in `If-Match`, without quotes; `*` for any."""
    if_none_match: str | None = None
    experience: str | None = None
    """Which app asks, as `X-Experience` says."""
    key: str | None = None
    """What `Idempotency-Key` says; see `once.py`."""
    device_id: str | None = None
    """The place at which whoever asks is signed in."""
    media_type: str = ""
    """Of a file, in small letters and without parameters."""
    known: frozenset[str] = frozenset()
    """The tags of what whoever asks has already, as `If-None-Match` names them."""
    run: str = ""
    """Says which run of the twin this is; no other one has the same."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back: JSON, as text where it is encoded already, or bytes with their own content type."""

    body: Any
    status: int = 200
    etag: str | None = None
    weak: bool = False
    """Whether answers of this `etag` may differ byte by byte."""
    compressible: bool = False
    """Whether JSON text may be sent compressed. Its length then tells something of what is in it,
    so nobody may have written in it who may not read all of it."""
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further ones; they stand in place of those of the same name that would be sent."""
    in_order: bool = False
    """Whether the order of names in JSON says something; else they are sorted."""

    @property
    def tag(self) -> str:
        """The `etag` as a header has it (RFC 9110, section 8.8.3)."""
        return f'{"W/" if self.weak else ""}"{self.etag}"'


def unchanged(answer: Answer) -> Answer:
    """Return what is sent to who has an answer already."""
    return replace(answer, body=None, status=304)


Handler: TypeAlias = Callable[[Twin, Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One call of the API."""

    method: str
    path: str
    """As in OpenAPI: `/rooms/{room_id}`."""
    summary: str
    handler: Handler
    public: bool = False
    """Whether it is answered without an access token."""
    for_strangers: bool = False
    """Whether it shows what was published: not too often to one address, and not to be kept or indexed."""
    body: Mapping[str, Any] | None = None
    """JSON Schema of the body."""
    file: tuple[str, ...] = ()
    """Media types of a file that is the body, in place of JSON."""
    file_bytes: int = 0
    """The most that it may have; Synapse refuses what is above its own limit before that."""
    query: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """JSON Schemas of the query parameters."""
    answer: Mapping[str, Any] = field(default_factory=lambda: {"type": "object"})
    """JSON Schema of the answer."""
    status: int = 200
    conditional: bool = False
    """Whether `If-Match` and `If-None-Match` are looked at."""
    stamped: bool = False
    """Whether `X-Experience` is noted in what is written."""
    once: bool = False
    """Whether a request with an `Idempotency-Key` makes nothing a second time."""
    media_type: str = "application/json"
    parts: list[str] = field(init=False)
    """The path in its parts."""

    def __post_init__(self) -> None:
        """Take the path apart, once."""
        object.__setattr__(self, "parts", self.path.strip("/").split("/"))

    def match(self, parts: list[str]) -> dict[str, str] | None:
        """Return the variable parts if a path is of this form."""
        mine = self.parts
        if len(mine) != len(parts):
            return None
        found = {}
        for pattern, part in zip(mine, parts, strict=True):
            if pattern.startswith("{"):
                found[pattern[1:-1]] = part
            elif pattern != part:
                return None
        return found
