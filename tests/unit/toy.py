"""A capability that declares nothing for chats, as the one in docs/adding-a-capability.md."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from twin_module.core.capability import (
    UID_PATTERN,
    Arguments,
    Capability,
    Command,
    Context,
    EventType,
    Objects,
)
from twin_module.core.effects import Effect
from twin_module.core.state import NAMESPACE

_TITLE: Final = {"type": "string", "minLength": 1, "maxLength": 1000}
_URL: Final = {"type": "string", "pattern": r"^https?://\S+$", "maxLength": 2000}
_KEYWORDS: Final = {
    "type": "object",
    "propertyNames": {"minLength": 1, "maxLength": 100},
    "additionalProperties": {"const": True},
}
_UID: Final = {"type": "string", "pattern": UID_PATTERN}


def _decide(objects: Objects, context: Context, arguments: Arguments) -> Sequence[Effect]:
    return []


def _render(objects: Objects, now: datetime) -> Mapping[str, Any]:
    return {}


PIN: Final = EventType(
    type=f"{NAMESPACE}.pin",
    summary="A pin.",
    state_key="Its uid.",
    schema={"properties": {"title": _TITLE, "url": _URL}, "required": ["title", "url"]},
    example={"title": "Bread", "url": "https://bread.test"},
    title=lambda content: str(content["title"]),
)
TOY: Final = Capability(
    name="pins",
    summary="Things that are pinned",
    events=(PIN,),
    view=lambda objects: objects,
    render=_render,
    commands={
        "add": Command(
            summary="Pin something",
            decide=_decide,
            arguments={"title": _TITLE, "url": _URL, "keywords": _KEYWORDS},
            required=("title", "url"),
        ),
        "rename_all": Command(
            summary="Give all the same title",
            decide=_decide,
            arguments={"title": _TITLE},
            required=("title",),
        ),
        "sort": Command(
            summary="Put them in order",
            decide=_decide,
            arguments={"by": {"enum": ["title", "url"]}, "any": {}, "upwards": {"type": "boolean"}},
        ),
        "remove": Command(
            summary="Take a pin off", decide=_decide, arguments={"uid": _UID}, required=("uid",)
        ),
    },
)
