"""Documents: Markdown texts with a title.

A document is one state event, whose state key is the document's uid. Its text stands in the
event while it is small; a longer one lies in the writer's media, and the event points to it with
size and hash (the engine moves it, see `LongText`). Words are those of schema.org's CreativeWork
where it has them (`text`, `keywords`).

Several people write a document at once as a CRDT, Yjs's, whose state stands beside the text (see
`Together`). Who knows nothing of that reads the text, and writes it: the engine makes an edit of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from twin_module.core.capability import (
    UID_PATTERN,
    Arguments,
    Capability,
    Command,
    Context,
    Deed,
    EventType,
    Filter,
    LongText,
    Merge,
    Objects,
    Phrase,
    Together,
)
from twin_module.core.crdt import MAX_STATE_BYTES
from twin_module.core.deeds import renamed, told
from twin_module.core.effects import Effect, Put, remove
from twin_module.core.errors import InvalidParam, NotFound
from twin_module.core.phrases import NEW, REMOVE, RENAME
from twin_module.core.state import NAMESPACE, Content, frozen, plain

MAX_TEXT_BYTES: Final = 5 * 1024 * 1024
"""The longest text of one document, in bytes of UTF-8."""

_TITLE: Final = {
    "type": "string",
    "minLength": 1,
    "maxLength": 1000,
    "description": "What the document is called.",
}
_KEYWORDS: Final = {
    "type": "object",
    "maxProperties": 100,
    "propertyNames": {"maxLength": 100, "minLength": 1},
    "additionalProperties": {"const": True},
    "description": "Free words, each with the value true.",
}
MAX_VERSIONS: Final = 100
"""How many versions of one document can have a name."""


def _file(most: int, *, about: str) -> dict[str, Any]:
    return {
        "type": "object",
        "description": about,
        "properties": {
            "url": {
                "type": "string",
                "pattern": "^mxc://[^/\\s]+/[A-Za-z0-9_-]+$",
                "maxLength": 500,
            },
            "mimetype": {"type": "string", "maxLength": 100},
            "size": {"type": "integer", "minimum": 0, "maximum": most},
            "hashes": {
                "type": "object",
                "properties": {"sha256": {"type": "string", "pattern": "^[A-Za-z0-9+/]{43}$"}},
                "required": ["sha256"],
            },
        },
        "required": ["url", "size", "hashes"],
    }


_NAME: Final = {
    "type": "string",
    "minLength": 1,
    "maxLength": 100,
    "description": "What a version of the document is called.",
}
_VERSION: Final = {"type": "string", "pattern": "^\\$[^\\s]+$", "maxLength": 255}
_TEXT: Final = {"type": "string", "description": "The text, as Markdown (CommonMark)."}


def _text(content: Content) -> Any:
    """Return what differs where the text does."""
    pointer = content.get("textFile")
    return content.get("text", "") if pointer is None else pointer["hashes"]


def _deeds(before: Content, after: Content) -> Sequence[Deed]:
    """Return what was done to a document; the CRDT's state alone says nothing to a reader."""
    wrote = ("wrote" if _text(before) != _text(after) else None), ("text", "textFile")
    untold = ("text", "textFile", "crdt")
    return told(before, after, wrote, renamed(before, after), untold=untold)


DOC: Final = EventType(
    type=f"{NAMESPACE}.doc",
    summary="A document.",
    state_key="The document's uid.",
    schema={
        "properties": {
            "@type": {"const": "Document"},
            "title": _TITLE,
            "text": _TEXT,
            "textFile": _file(
                MAX_TEXT_BYTES, about="Where the text lies when it is too long for the event."
            ),
            "crdt": {
                "type": "object",
                "description": "The state of the shared text: a Yjs update, version 1. Its text is that of the document.",
                "properties": {
                    "state": {
                        "type": "string",
                        "pattern": "^[A-Za-z0-9+/]*$",
                        "description": "Unpadded base64, while it is small.",
                    },
                    "file": _file(MAX_STATE_BYTES, about="Where the state lies when it is large."),
                },
                "not": {"required": ["state", "file"]},
            },
            "versions": {
                "type": "object",
                "maxProperties": MAX_VERSIONS,
                "propertyNames": {"maxLength": 100, "minLength": 1},
                "additionalProperties": _VERSION,
                "description": "Versions that have a name, each with its event ID.",
            },
            "keywords": _KEYWORDS,
        },
        "required": ["@type", "title"],
        "not": {"required": ["text", "textFile"]},
    },
    example={
        "@type": "Document",
        "title": "Minutes of Monday",
        "text": "# Minutes\n\n* bread is bought\n",
        "keywords": {"minutes": True},
    },
    title=lambda content: str(content["title"]),
    merge={"text": Merge.TEXT, "keywords": Merge.SET, "versions": Merge.MAP},
    filters={"keyword": Filter("words", lambda content: sorted(content.get("keywords", {})))},
    long_text=LongText(field="text", pointer="textFile", mimetype="text/markdown"),
    together=Together(text="text", state="crdt", kept=("versions",)),
    deeds=_deeds,
)


@dataclass(frozen=True, slots=True)
class Doc:
    """A document as its readers see it in a list; its text is read on its own."""

    uid: str
    title: str
    size: int
    """Of the text, in bytes of UTF-8."""
    content: Content
    event_id: str
    """Of the current version."""


def view(objects: Objects) -> Sequence[Doc]:
    """Return the documents of a room by title."""
    docs = [
        Doc(uid, event.content["title"], _size(event.content), event.content, event.event_id)
        for (_, uid), event in objects.items()
    ]
    return sorted(docs, key=lambda doc: (doc.title, doc.uid))


def _size(content: Content) -> int:
    pointer = content.get("textFile")
    return int(pointer["size"]) if pointer else len(content.get("text", "").encode())


def render(docs: Sequence[Doc], now: datetime) -> Mapping[str, Any]:
    """Return the documents without their texts."""
    return {
        "docs": [
            {
                "uid": doc.uid,
                "title": doc.title,
                "size": doc.size,
                "keywords": sorted(plain(doc.content.get("keywords", {}))),
            }
            for doc in docs
        ]
    }


def _doc(docs: Sequence[Doc], uid: str) -> Doc:
    for doc in docs:
        if doc.uid == uid:
            return doc
    raise NotFound(f"There is no document {uid!r} in this room.")


def create(docs: Sequence[Doc], context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Begin a document."""
    fields = {key: arguments[key] for key in ("title", "text", "keywords") if key in arguments}
    content = frozen({"@type": "Document", "text": "", **fields})
    return [Put(DOC.type, arguments.get("uid", context.new_uid), content)]


def rename(docs: Sequence[Doc], context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Give a document another title."""
    doc = _doc(docs, arguments["uid"])
    return [Put(DOC.type, doc.uid, doc.content.set("title", arguments["title"]))]


def write(docs: Sequence[Doc], context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Replace the text of a document."""
    doc = _doc(docs, arguments["uid"])
    return [Put(DOC.type, doc.uid, doc.content.discard("textFile").set("text", arguments["text"]))]


def name_version(docs: Sequence[Doc], context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Give a version of a document a name, the current one unless another is asked for."""
    doc = _doc(docs, arguments["uid"])
    versions = doc.content.get("versions", frozen({}))
    name = arguments["name"]
    if name not in versions and len(versions) >= MAX_VERSIONS:
        raise InvalidParam(
            f"name: {MAX_VERSIONS} versions have names, and that is the most; forget one first."
        )
    named = versions.set(name, arguments.get("event_id", doc.event_id))
    return [Put(DOC.type, doc.uid, doc.content.set("versions", named))]


def forget_version(docs: Sequence[Doc], context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Take the name of a version back; the version itself stays in the history."""
    doc = _doc(docs, arguments["uid"])
    versions = doc.content.get("versions", frozen({}))
    if arguments["name"] not in versions:
        raise NotFound(f"No version of this document is called {arguments['name']!r}.")
    left = versions.remove(arguments["name"])
    content = doc.content.set("versions", left) if left else doc.content.remove("versions")
    return [Put(DOC.type, doc.uid, content)]


def remove_doc(docs: Sequence[Doc], context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Remove a document."""
    return [remove(DOC.type, _doc(docs, arguments["uid"]).uid)]


_UID: Final = {"type": "string", "pattern": UID_PATTERN, "description": "The document."}

DOCS: Final = Capability(
    name="docs",
    summary="Documents that people write",
    events=(DOC,),
    view=view,
    render=render,
    called={"en": ("doc", "note", "document"), "de": ("dokument", "notiz", "dokumente")},
    commands={
        "create": Command(
            summary="Begin a document",
            decide=create,
            arguments={
                "title": _TITLE,
                "text": _TEXT,
                "keywords": _KEYWORDS,
                "uid": {**_UID, "description": "A uid of your choice; absent, the twin makes one."},
            },
            required=("title",),
            phrases=(
                Phrase(
                    words=NEW,
                    keywords="keywords",
                ),
            ),
        ),
        "rename": Command(
            summary="Give a document another title",
            decide=rename,
            arguments={"uid": _UID, "title": _TITLE},
            required=("uid", "title"),
            phrases=(RENAME,),
        ),
        "write": Command(
            summary="Replace the text of a document",
            decide=write,
            arguments={"uid": _UID, "text": _TEXT},
            required=("uid", "text"),
            phrases=(
                Phrase(
                    words={"en": ("write {text}",), "de": ("schreib {text}", "schreibe {text}")},
                ),
            ),
        ),
        "name_version": Command(
            summary="Give a version of a document a name",
            decide=name_version,
            arguments={
                "uid": _UID,
                "name": _NAME,
                "event_id": {
                    **_VERSION,
                    "description": "The version; absent, the current one.",
                },
            },
            required=("uid", "name"),
            phrases=(
                Phrase(
                    words={
                        "en": ("keep as {name}", "keep {uid} as {name}"),
                        "de": ("behalte als {name}", "behalte {uid} als {name}"),
                    },
                ),
            ),
        ),
        "forget_version": Command(
            summary="Take the name of a version back",
            decide=forget_version,
            arguments={"uid": _UID, "name": _NAME},
            required=("uid", "name"),
        ),
        "remove": Command(
            summary="Remove a document",
            decide=remove_doc,
            arguments={"uid": _UID},
            required=("uid",),
            phrases=(REMOVE,),
        ),
    },
)
