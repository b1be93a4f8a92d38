"""What a call of the API is: one declaration from which dispatch and description both come."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
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
    device_id: str | None = None
    """The place at which whoever asks is signed in."""
    media_type: str = ""
    """Of a file, in small letters and without parameters."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back: JSON, or bytes with their own content type."""

    body: Any
    status: int = 200
    etag: str | None = None
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further ones; they stand in place of those of the same name that would be sent."""
    in_order: bool = False
    """Whether the order of names in JSON says something; else they are sorted."""


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
    media_type: str = "application/json"

    @property
    def parts(self) -> list[str]:
        """The path in its parts."""
        return self.path.strip("/").split("/")

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
