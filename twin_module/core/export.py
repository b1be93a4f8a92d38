"""The export of a twin: the names in its archive, its manifest, and what a reader takes.

`docs/export.md` describes the format so that others can read it. The manifest names the files at
the top of the archive with their hashes; two of them, `documents.jsonl` and `media.jsonl`, name all
others. So a signature of a small document covers everything, and readers need little memory.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from twin_module.core.canonical import MAX_INTEGER, canonical_problem
from twin_module.core.keys import decoded
from twin_module.core.matrix_uri import is_user_id
from twin_module.core.state import NAMESPACE

FORMAT: Final = f"{NAMESPACE}.export.v1"

README: Final = "README.txt"
MANIFEST: Final = "manifest.json"
TWIN: Final = "twin.json"
KEYS: Final = "keys.jsonl"
ROOMS: Final = "rooms.jsonl"
DOCUMENTS: Final = "documents.jsonl"
MEDIA: Final = "media.jsonl"
MISSING: Final = "missing.jsonl"
ALWAYS: Final = (README, DOCUMENTS, KEYS, MEDIA, MISSING, ROOMS, TWIN)
"""The files that every archive has beside its manifest and the objects."""
COUNTS: Final = ("documents", "media", "missing", "objects", "rooms", "unproven")
"""`unproven` is how many of the objects come without a proof, and why stands beside them."""

MAX_MANIFEST_BYTES: Final = 1024 * 1024
MAX_SMALL_BYTES: Final = 64 * 1024 * 1024
"""Of each file in `ALWAYS` but those that name others."""
MAX_FILE_BYTES: Final = 2**31 - 1
"""Of every file: more needs another form of header in the archive."""
MAX_PARTS: Final = 1000
MAX_LINE_BYTES: Final = 16 * 1024 * 1024
MAX_SERVERS: Final = 10_000
MAX_ROOMS: Final = 100_000
MAX_MEDIA: Final = 1_000_000

_PART: Final = re.compile(r"objects-(?!0{6})[0-9]{6}\.jsonl")
_DOCUMENT: Final = re.compile(r"documents/[0-9]{7}(-[a-z0-9]{1,40}){0,20}\.md")
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_SERVER: Final = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}")
_MAX_NAME: Final = 80

EXTENSIONS: Final[Mapping[str, str]] = {
    "application/json": "json",
    "application/pdf": "pdf",
    "application/zip": "zip",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/svg+xml": "svg",
    "image/webp": "webp",
    "text/markdown": "md",
    "text/plain": "txt",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
"""By which the names of files end; all others end with `bin`."""


# Names


def part_name(number: int) -> str:
    """Return the name of a part of the objects; the first is 1."""
    return f"objects-{number:06}.jsonl"


def document_path(number: int, title: str) -> str:
    """Return the path of a document: its number makes it unique, its title readable."""
    words = re.findall(r"[a-z0-9]+", title.lower())
    slug = "-".join(words)[:40].strip("-")
    return f"documents/{number:07}{f'-{slug}' if slug else ''}.md"


def media_path(sha256: str, mimetype: str | None) -> str:
    """Return the path of a file, which its content gives; `sha256` in hexadecimal digits."""
    return f"media/{sha256}.{EXTENSIONS.get((mimetype or '').partition(';')[0].strip(), 'bin')}"


def is_server(name: str) -> bool:
    """Tell whether a text can be the name of a server."""
    return _SERVER.fullmatch(name) is not None


def is_document_path(path: Any) -> bool:
    """Tell whether a path is that of a document."""
    return (
        isinstance(path, str) and len(path) <= _MAX_NAME and _DOCUMENT.fullmatch(path) is not None
    )


def is_media_path(path: Any, sha256: str) -> bool:
    """Tell whether a path is that of a file with this hash."""
    ends = {f"media/{sha256}.{end}" for end in (*EXTENSIONS.values(), "bin")}
    return isinstance(path, str) and path in ends


def is_file(entry: Any) -> bool:
    """Tell whether something says the hash and the size of a file."""
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("sha256"), str)
        and _HEX.fullmatch(entry["sha256"]) is not None
        and type(entry.get("size")) is int
        and 0 <= entry["size"] <= MAX_FILE_BYTES
    )


# The manifest


def manifest_problem(manifest: Any) -> str | None:
    """Return why something is no manifest; that it is signed is not looked at.

    A twin signs what passes here and nothing else, so everything in it is bounded and named:
    no other signed document of Matrix or of ours can have this form.
    """
    if not isinstance(manifest, dict):
        return "is no JSON object"
    return canonical_problem(manifest, MAX_MANIFEST_BYTES) or next(_problems(manifest), None)


def _problems(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong; only the first is to be asked for, what follows builds on it."""
    unsigned = {key: value for key, value in manifest.items() if key != "signatures"}
    fields = {"format", "twin", "owner", "created", "signed_ts", "files", "counts"}
    if set(unsigned) != fields:
        yield f"has to have the fields {', '.join(sorted(fields))} and no others"
    if manifest["format"] != FORMAT:
        yield f"does not say that it is of the format {FORMAT}"
    twin, owner = manifest["twin"], manifest["owner"]
    if not isinstance(twin, str) or not is_server(twin):
        yield "names no twin"
    if not isinstance(owner, str) or not is_user_id(owner) or owner.partition(":")[2] != twin:
        yield "names no owner on that twin"
    if not _is_number(manifest["created"]) or not _is_number(manifest["signed_ts"]):
        yield "does not say when it was made"
    counts = manifest["counts"]
    if not isinstance(counts, dict) or set(counts) != set(COUNTS):
        yield f"has to count {', '.join(COUNTS)}"
    if not all(map(_is_number, counts.values())):
        yield "has a count that is no number"
    problem = _files_problem(manifest["files"])
    if problem:
        yield problem


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MAX_INTEGER


def _files_problem(files: Any) -> str | None:
    if not isinstance(files, dict):
        return "names no files"
    parts = sorted(name for name in files if name not in ALWAYS)
    if not set(ALWAYS) <= set(files):
        return f"does not name all of {', '.join(ALWAYS)}"
    if len(parts) > MAX_PARTS or parts != [part_name(each + 1) for each in range(len(parts))]:
        return f"names a file that no archive has, or more than {MAX_PARTS} parts"
    for name, entry in files.items():
        if not is_file(entry) or set(entry) != {"sha256", "size"}:
            return f"does not say the hash and the size of {name} as it has to"
        if entry["size"] > MAX_SMALL_BYTES and name in (README, KEYS, MISSING, TWIN):
            return f"names a {name} of more than {MAX_SMALL_BYTES} bytes"
    return None


def parts_of(manifest: Mapping[str, Any]) -> list[str]:
    """Return the files that hold the objects, in order."""
    return sorted(name for name in manifest["files"] if _PART.fullmatch(name))


# What objects point to


class Pointer(NamedTuple):
    """A file that content points to."""

    url: str
    digest: bytes
    """SHA-256."""
    mimetype: str | None


def pointers(content: Any) -> Iterator[Pointer]:
    """Yield the files that content points to.

    A pointer has the words of Matrix's own file messages: `{"url": "mxc://…", "hashes":
    {"sha256": unpadded base64}}`.
    """
    stack = [content]
    while stack:
        item = stack.pop()
        if isinstance(item, Mapping):
            hashes, url = item.get("hashes"), item.get("url")
            digest = decoded(hashes.get("sha256"), 32) if isinstance(hashes, Mapping) else None
            if digest is not None and isinstance(url, str) and url.startswith("mxc://"):
                mimetype = item.get("mimetype")
                yield Pointer(url, digest, mimetype if isinstance(mimetype, str) else None)
            stack.extend(reversed(list(item.values())))
        elif isinstance(item, list | tuple):
            stack.extend(reversed(item))
