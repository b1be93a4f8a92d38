"""What strangers see of an object that was published."""

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from twin_module.core.capability import Capability, EventType
from twin_module.core.state import NAMESPACE

Sight: TypeAlias = Literal["whole", "times", "nothing"]
"""How much strangers see."""
_TIMES: Final = ("start", "duration", "timeZone", "showWithoutTime")
_BUSY: Final = (
    *("@type", "privacy", "freeBusyStatus", *_TIMES),
    *("timeZones", "recurrenceRules", "excludedRecurrenceRules"),
)


def may_be_published(capability: Capability) -> bool:
    """Tell whether objects of a capability may be shown to strangers: not who is in which circle."""
    return not any(event.governs for event in capability.events)


def sight(content: Mapping[str, Any]) -> Sight:
    """Tell how much strangers see of an object, as its `privacy` says (RFC 8984, section 4.4.3).

    Of a private event they see when its owner is busy; of a private task nothing is left then. A
    value that nobody knows means private.
    """
    privacy = content.get("privacy", "public")
    kind = content.get("@type")
    if privacy == "public" or kind not in ("Event", "Task"):
        return "whole"
    return "times" if privacy != "secret" and kind == "Event" and _is_busy(content) else "nothing"


def _is_busy(content: Mapping[str, Any]) -> bool:
    return content.get("freeBusyStatus") != "free" and content.get("status") != "cancelled"


def published_content(kind: EventType, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of an object without what belongs to twins and not to its readers.

    Those are the twin's own stamps, the state of a text that people write together, which knows
    more than the text, and the address of a file, which opens it beyond the link. A proof holds
    all of it, because the signature is over all of it. Of a private event only times are left.

    Args:
        kind: the type of the object.
        content: plain JSON that fits it.
    """
    if sight(content) != "whole":
        return busy_times(content)
    hidden = {NAMESPACE, *([kind.together.state] if kind.together else [])}
    shown = {name: value for name, value in content.items() if name not in hidden}
    pointer = kind.long_text.pointer if kind.long_text else ""
    if isinstance(shown.get(pointer), Mapping):
        shown[pointer] = {name: value for name, value in shown[pointer].items() if name != "url"}
    return shown


def busy_times(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return of an event when its owner is busy, and nothing else."""
    shown = {name: content[name] for name in _BUSY if name in content}
    overrides = content.get("recurrenceOverrides")
    if isinstance(overrides, Mapping):
        shown["recurrenceOverrides"] = {
            start: {"excluded": True}
            if patch.get("excluded") is True
            or patch.get("privacy") == "secret"
            or not _is_busy(patch)
            else {name: patch[name] for name in _TIMES if name in patch}
            for start, patch in overrides.items()
        }
    return shown


def text_lies_elsewhere(kind: EventType, content: Mapping[str, Any]) -> bool:
    """Tell whether the text of an object does not stand in its content."""
    return kind.long_text is not None and kind.long_text.pointer in content
