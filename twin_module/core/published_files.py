"""What strangers get of a collection in the formats of calendar apps and address books.

Less than a page shows: such a file is fetched and kept by programs that nobody looks at.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from twin_module.core.published import busy_times, sight
from twin_module.core.state import NAMESPACE

BUSY: Final = "Busy"
"""The title of what is private."""
_HIDDEN: Final = frozenset(
    {
        *("participants", "replyTo", "sentBy", "method", "requestStatus"),
        *("alerts", "useDefaultAlerts", "localizations", NAMESPACE),
    }
)
_FILES: Final = ("links", "media")
"""Where addresses of files stand, in JSCalendar and in JSContact."""


def calendar_entry(
    key: str, content: Mapping[str, Any], salt: str
) -> tuple[str, dict[str, Any]] | None:
    """Return an event or a task as strangers get it, with its key; None where they get nothing.

    Who takes part and when to be reminded is left out, as is what was kept of a text that the
    entry was read from, and the addresses of files. A private event is called "Busy", and has a
    key from which its own can't be guessed.

    Args:
        key: of the object.
        content: plain JSON that fits.
        salt: makes the keys of private events others than those of another link.
    """
    seen = sight(content)
    if seen == "nothing":
        return None
    if seen == "times":
        hidden = sha256(f"{salt} {key}".encode()).hexdigest()[:32]
        return f"busy-{hidden}", {**busy_times(content), "title": BUSY}
    shown = _without_hidden(content)
    overrides = shown.get("recurrenceOverrides")
    if isinstance(overrides, Mapping):
        shown["recurrenceOverrides"] = {start: _patch(patch) for start, patch in overrides.items()}
    return key, shown


def card_entry(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a card as strangers get it: without what was kept of a text, and addresses of files."""
    return _without_hidden(content)


def _patch(patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is otherwise at one time of a series; one that is not public is left out."""
    if patch.get("privacy", "public") != "public":
        return {"excluded": True}
    shown = _without_hidden(patch)
    return {
        path: value
        for path, value in shown.items()
        if path.partition("/")[0] not in _HIDDEN and not _is_file(value)
    }


def _without_hidden(content: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in content.items() if name not in _HIDDEN}
    for name in _FILES:
        if isinstance(shown.get(name), Mapping):
            shown[name] = {key: each for key, each in shown[name].items() if not _is_file(each)}
    return shown


def _is_file(value: Any) -> bool:
    addresses = (value.get("href"), value.get("uri")) if isinstance(value, Mapping) else (value,)
    return any(isinstance(each, str) and each.startswith("mxc:") for each in addresses)
