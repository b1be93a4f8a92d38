"""What strangers see of an object that was published."""

from collections.abc import Mapping
from typing import Any

from twin_module.core.capability import Capability, EventType
from twin_module.core.state import NAMESPACE


def may_be_published(capability: Capability) -> bool:
    """Tell whether objects of a capability may be shown to strangers: not who is in which circle."""
    return not any(event.governs for event in capability.events)


def published_content(kind: EventType, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of an object without what belongs to twins and not to its readers.

    Those are the twin's own stamps, the state of a text that people write together, which knows
    more than the text, and the address of a file, which opens it beyond the link. A proof holds
    all of it, because the signature is over all of it.

    Args:
        kind: the type of the object.
        content: plain JSON that fits it.
    """
    hidden = {NAMESPACE, *([kind.together.state] if kind.together else [])}
    shown = {name: value for name, value in content.items() if name not in hidden}
    pointer = kind.long_text.pointer if kind.long_text else ""
    if isinstance(shown.get(pointer), Mapping):
        shown[pointer] = {name: value for name, value in shown[pointer].items() if name != "url"}
    return shown


def text_lies_elsewhere(kind: EventType, content: Mapping[str, Any]) -> bool:
    """Tell whether the text of an object does not stand in its content."""
    return kind.long_text is not None and kind.long_text.pointer in content
