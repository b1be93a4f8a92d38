"""What a new look at a public calendar changes in the collection that follows it.

The twin marks what it takes from a calendar, so what people add to the collection stays theirs.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from canonicaljson import encode_canonical_json

from twin_module.core.entries import Refused, key_of
from twin_module.core.ics.kept import kept_in, texts_of
from twin_module.core.state import NAMESPACE, Key

MARK: Final = "subscribed"
"""The key under our namespace in content that came from a calendar."""
NOISE: Final = ("updated", "created", "sequence")
"""What many servers make anew each time they are asked, though nothing changed."""
_STAMP: Final = re.compile(r"(DTSTAMP|LAST-MODIFIED|CREATED|SEQUENCE|UID)[:;]", re.IGNORECASE)
"""The same in lines that are kept as they stood in the calendar (RFC 5545, section 3.8.7)."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done."""

    written: Mapping[Key, Mapping[str, Any]]
    """New contents, marked."""
    removed: Sequence[Key]


def marked(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return content as it is taken from a calendar: with a mark, and without alerts.

    When to be reminded is for its reader to say, not for who publishes it.
    """
    ours = content.get(NAMESPACE)
    kept = ours if isinstance(ours, Mapping) else {}
    taken = _without_alerts(content)
    overrides = taken.get("recurrenceOverrides")
    if isinstance(overrides, Mapping):
        taken["recurrenceOverrides"] = {
            start: _without_alerts(patch) for start, patch in overrides.items()
        }
    return {**taken, NAMESPACE: {**kept, MARK: True}}


def _without_alerts(content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in content.items()
        if name.partition("/")[0] not in ("alerts", "useDefaultAlerts")
    }


def is_marked(content: Mapping[str, Any]) -> bool:
    """Tell whether content came from a calendar."""
    ours = content.get(NAMESPACE)
    return isinstance(ours, Mapping) and ours.get(MARK) is True


def difference(
    known: Mapping[Key, Mapping[str, Any]],
    wanted: Mapping[Key, Mapping[str, Any]],
    refused: Iterable[Refused] = (),
) -> Change:
    """Return what makes a collection as its calendar is.

    What differs in stamps alone is left as it is. So is what the calendar shows under a new UID
    and is otherwise the same: some make new ones each time, and a room can't hold those for long.

    Args:
        known: what the collection holds, as plain JSON.
        wanted: what the calendar holds.
        refused: what of it could not be read; what may be the same is not removed.
    """
    new = {key: marked(content) for key, content in wanted.items()}
    names = {each.name for each in refused}
    names_as_keys = {key_of(name) for name in names}
    gone = {
        key: content for key, content in known.items() if is_marked(content) and key not in wanted
    }
    same: dict[str, list[Key]] = {}
    for key, content in gone.items():
        same.setdefault(_print(key, content, with_uid=False), []).append(key)
    written = {}
    for key, content in new.items():
        before = known.get(key)
        if before is not None:
            if not is_marked(before) or _print(key, before) != _print(key, content):
                written[key] = content
            continue
        twins = same.get(_print(key, content, with_uid=False))
        if twins:
            gone.pop(twins.pop())
        else:
            written[key] = content
    removed = [
        key
        for key, content in gone.items()
        if content.get("title") not in names and key[1] not in names_as_keys
    ]
    return Change(written, removed)


def _print(key: Key, content: Mapping[str, Any], *, with_uid: bool = True) -> str:
    """Return a hash of what content says, without its stamps."""
    said = _telling(content)
    if not with_uid:
        said.pop("uid", None)
    return sha256(encode_canonical_json([key[0], said])).hexdigest()


def _telling(content: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in content.items() if name not in (*NOISE, NAMESPACE)}
    said[NAMESPACE] = [
        line for line in texts_of(kept_in(content).get("lines")) if not _STAMP.match(line)
    ]
    overrides = said.get("recurrenceOverrides")
    if isinstance(overrides, Mapping):
        said["recurrenceOverrides"] = {
            start: {name: value for name, value in patch.items() if name not in NOISE}
            for start, patch in overrides.items()
        }
    return said
