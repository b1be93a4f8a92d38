"""Links by which an owner publishes an object or a collection: what the twin signs, and its tokens.

A link is a signed statement of the twin, and its token is `<id>.<signature>`. So nobody can make
one up, and whoever has one can check which twin published it. The statement says what it opens as a
hash alone, so that it can be shown to strangers, who are not to learn which room it is in.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Final

from canonicaljson import encode_canonical_json
from unpaddedbase64 import decode_base64, encode_base64

from twin_module.core.canonical import canonical_problem
from twin_module.core.keys import SIGNATURE_BYTES, KnownKeys, decoded, verify_with
from twin_module.core.state import NAMESPACE

FORMAT: Final = f"{NAMESPACE}.link.v1"
MAX_TITLE: Final = 255
"""Characters of a title that are kept, to say later what a link was for."""

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{86}")


@dataclass(frozen=True, slots=True)
class Link:
    """A published object, or a whole collection where `type` and `uid` are None."""

    id: str
    room_id: str
    type: str | None
    uid: str | None
    made: int
    """In milliseconds since 1970."""
    expires: int | None
    """The first moment at which it opens nothing any more; None for never."""
    title: str = ""
    """What it was called when the link was made; nothing that is signed."""
    key_id: str = ""
    """The key that signed, as the server calls it."""
    signature: str = ""
    """As unpadded base64."""
    widget: str | None = None
    """Of a link that opens in a widget of its room alone: who had left the room when it was made, as
    a mark of `core/widget.py`. None for all others."""

    def statement(self, server: str) -> dict[str, Any]:
        """Return what a server signs."""
        return {
            "format": FORMAT,
            "server_name": server,
            "id": self.id,
            "opens": fingerprint(self.room_id, self.type, self.uid),
            "made": self.made,
            **({} if self.expires is None else {"expires": self.expires}),
            **({} if self.widget is None else {"widget": self.widget}),
        }

    def signed(self, server: str) -> dict[str, Any]:
        """Return the statement with its signature, as strangers see and check it."""
        return {
            **self.statement(server),
            "signatures": {server: {self.key_id: self.signature}},
        }

    def with_signature(self, signed: Mapping[str, Any]) -> "Link":
        """Return the link with the signature of a statement that its server signed."""
        [(key_id, signature)] = signed["signatures"][signed["server_name"]].items()
        return replace(self, key_id=key_id, signature=signature)

    @property
    def token(self) -> str:
        """What opens it."""
        signature = decode_base64(self.signature)
        return f"{self.id}.{encode_base64(signature, urlsafe=True)}"

    def is_over(self, now: int) -> bool:
        """Tell whether it has expired."""
        return self.expires is not None and now >= self.expires

    def record(self) -> dict[str, Any]:
        """Return the link as it is kept."""
        return {
            "room_id": self.room_id,
            **({} if self.type is None else {"type": self.type, "uid": self.uid}),
            "made": self.made,
            **({} if self.expires is None else {"expires": self.expires}),
            "title": self.title[:MAX_TITLE],
            "key_id": self.key_id,
            "signature": self.signature,
            **({} if self.widget is None else {"widget": self.widget}),
        }


def fingerprint(room_id: str, event_type: str | None, uid: str | None) -> str:
    """Return the hash that stands for what a link opens, as unpadded base64.

    Whoever knows the room can make it again, from a proof for example.
    """
    place: dict[str, Any] = {"room_id": room_id}
    if event_type is not None:
        place |= {"type": event_type, "uid": uid}
    return encode_base64(sha256(encode_canonical_json(place)).digest())


def read_link(link_id: str, record: Any) -> Link | None:
    """Return a link as it was kept, None for what is none; any client may have written it."""
    if not _ID.fullmatch(link_id) or not _is_record(record):
        return None
    signature = decoded(record["signature"], SIGNATURE_BYTES)
    if signature is None:
        return None
    return Link(
        link_id,
        record["room_id"],
        record.get("type"),
        record.get("uid"),
        record["made"],
        record.get("expires"),
        record["title"][:MAX_TITLE],
        record["key_id"],
        encode_base64(signature),
        record.get("widget"),
    )


def _is_record(record: Any) -> bool:
    if not isinstance(record, dict) or canonical_problem(record) is not None:
        return False
    named = [record.get(name) for name in ("type", "uid")]
    texts = [record.get(name) for name in ("room_id", "title", "key_id", "signature")]
    texts.append(record.get("widget", ""))
    times = [record.get("made"), record.get("expires", 0)]
    return all(map(_is_text, [*texts, *([] if named == [None, None] else named)])) and all(
        map(_is_time, times)
    )


def _is_text(value: Any) -> bool:
    # No database takes a NUL.
    return isinstance(value, str) and "\x00" not in value


def _is_time(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def read_links(records: Mapping[str, Any]) -> list[Link]:
    """Return the links that were kept by ID, newest first; what is none is left out."""
    found = (read_link(link_id, record) for link_id, record in records.items())
    return sorted(
        (each for each in found if each is not None), key=lambda each: (-each.made, each.id)
    )


def is_token(text: str) -> bool:
    """Tell whether a text has the form of a token."""
    return _TOKEN.fullmatch(text) is not None


def opened_by(token: str, records: Mapping[str, Any]) -> Link | None:
    """Return the link that a token opens, out of those that were kept by ID.

    The ID finds it, and what is compared in constant time is the signature, which nobody can guess
    piece by piece then.
    """
    if not is_token(token):
        return None
    link_id = token.partition(".")[0]
    link = read_link(link_id, records.get(link_id))
    return link if link is not None and compare_digest(link.token, token) else None


def is_signed(link: Link, known: KnownKeys) -> bool:
    """Tell whether a server signed a link, with a key that was its own when the link was made."""
    return not verify_with(link.signed(known.server), known, link.made).problems
