"""Files that stand inside of an entry as `data:` addresses (RFC 2397): a photo, an attachment.

They move to the twin's media, because an event has room for 60,000 bytes in all; apps that know
nothing of Matrix get them back as they brought them.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from typing import Any, Final, cast
from urllib.parse import unquote_to_bytes

from pyrsistent import PMap
from unpaddedbase64 import encode_base64

from twin_module.core.errors import TwinError
from twin_module.core.ports import Homeserver
from twin_module.core.state import NAMESPACE, READABLE_DEPTH, content_problem, frozen, plain

MOST_INLINE: Final = 2048
"""Characters of an address that stays where it is."""
MOST_BYTES: Final = 4 * 1024 * 1024
"""The largest file that is put back into an entry."""
MOST_FILES: Final = 10
"""How many files of one entry are moved or put back."""
HASH: Final = f"{NAMESPACE}:sha256"
"""Beside the address of a file that was moved: its hash, as unpadded base64."""
_ADDRESSES: Final = ("href", "uri")
"""Where JSCalendar's Link (RFC 8984, section 1.4.11) and JSContact's resources (RFC 9553) have it."""
_TYPES: Final[Mapping[str, str]] = {"href": "contentType", "uri": "mediaType"}
_DATA: Final = re.compile(r"data:([^,]{0,200}),", re.IGNORECASE)
_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,60}/[A-Za-z0-9!#$&^_.+-]{1,60}")
_UNKNOWN: Final = "application/octet-stream"

_Change = Callable[[dict[str, Any], str, str], Awaitable[dict[str, Any] | None]]
"""Given a resource, the name of its address and the address, returns another one, or None."""


async def shelved(
    homeserver: Homeserver, content: Mapping[str, Any], before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return content whose larger `data:` addresses were moved to the twin's media.

    Args:
        homeserver: whose media.
        content: of an event, a task or a card.
        before: the version that it follows; a file that is in it already is not stored again.

    Raises:
        TooLarge: the server takes no file of that size.
    """
    known = {each[HASH]: each for each in _resources(before or {}) if HASH in each}

    async def change(resource: dict[str, Any], name: str, address: str) -> dict[str, Any] | None:
        read = _read(address) if len(address) > MOST_INLINE else None
        if read is None:
            return None
        data, media_type = read
        digest = encode_base64(sha256(data).digest())
        moved = {**resource, _TYPES[name]: resource.get(_TYPES[name], media_type), HASH: digest}
        kept = known.get(digest, {}).get(name)
        uri = kept if _is_file(kept) else await homeserver.upload(data, media_type)
        return {**moved, name: uri}

    return await _changed(content, change)


async def inlined(homeserver: Homeserver, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return content with the files that `shelved` moved back in place.

    A file that can't be had, is too large, or is another one than was moved, keeps its address.
    """

    async def change(resource: dict[str, Any], name: str, address: str) -> dict[str, Any] | None:
        if not _is_file(address) or not isinstance(resource.get(HASH), str):
            return None
        try:
            data = await homeserver.download(address, MOST_BYTES)
        except TwinError:
            return None
        if encode_base64(sha256(data).digest()) != resource[HASH]:
            return None
        media_type = resource.get(_TYPES[name])
        if not isinstance(media_type, str) or not _MEDIA_TYPE.fullmatch(media_type):
            media_type = _UNKNOWN
        bare = {key: value for key, value in resource.items() if key != HASH}
        return {**bare, name: f"data:{media_type};base64,{b64encode(data).decode()}"}

    return await _changed(content, change)


def has_inline_files(content: Mapping[str, Any]) -> bool:
    """Tell whether `shelved` would move anything."""
    return any(
        len(address) > MOST_INLINE and _DATA.match(address) is not None
        for each in _resources(content)
        for _, address in _addresses(each)
    )


def _is_file(address: Any) -> bool:
    return isinstance(address, str) and address.startswith("mxc://")


def _read(address: str) -> tuple[bytes, str] | None:
    """Return what a `data:` address holds and its media type, None where it is none."""
    match = _DATA.match(address)
    if match is None:
        return None
    head, encoded = match[1], address[match.end() :]
    media_type = head.partition(";")[0].strip()
    try:
        raw = unquote_to_bytes(encoded)
        is_base64 = head.lower().replace(" ", "").endswith(";base64")
        data = b64decode(b"".join(raw.split()) + b"==") if is_base64 else raw
    except (NotBase64, ValueError):
        return None
    return data, media_type if _MEDIA_TYPE.fullmatch(media_type) else _UNKNOWN


def _addresses(resource: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = ((name, resource.get(name)) for name in _ADDRESSES)
    return [(name, address) for name, address in found if isinstance(address, str)]


def _resources(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return everything in content that has an address, at any depth."""
    found: list[Mapping[str, Any]] = []
    stack: list[tuple[Any, int]] = [(content, 0)]
    while stack:
        item, depth = stack.pop()
        if depth > READABLE_DEPTH:
            continue
        if isinstance(item, Mapping):
            if _addresses(item):
                found.append(item)
            stack.extend((child, depth + 1) for child in item.values())
        elif isinstance(item, list | tuple):
            stack.extend((child, depth + 1) for child in item)
    return found


async def _changed(content: Mapping[str, Any], change: _Change) -> dict[str, Any]:
    if content_problem(content) is not None:
        return dict(content)
    # A copy, whichever way the content comes: what is changed here is nobody else's.
    copy: dict[str, Any] = plain(content if isinstance(content, PMap) else frozen(content))
    left = MOST_FILES
    for resource in _resources(copy):
        for name, address in _addresses(resource):
            other = await change(dict(resource), name, address) if left else None
            if other is not None:
                left -= 1
                here = cast("dict[str, Any]", resource)
                here.clear()
                here.update(other)
    return copy
