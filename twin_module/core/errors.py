"""What can go wrong in an expected way: a Matrix error code, a status and a sentence for a person.

The codes starting with `M_` are the specification's (client-server API, "Standard error
response"); the others are ours, in the form that the specification asks of non-standard codes.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Self


class TwinError(Exception):
    """An expected failure. Subclasses say which; the message says what to change."""

    status: ClassVar[int] = 500
    errcode: ClassVar[str] = "M_UNKNOWN"

    def __init__(self, message: str, **fields: Any) -> None:
        super().__init__(message)
        self.message = message
        self.fields: Mapping[str, Any] = fields


class BadJson(TwinError):
    """The content does not fit the schema of its event type; `errors` names each place."""

    status = 400
    errcode = "M_BAD_JSON"


class NotJson(TwinError):
    """The request's body is not JSON."""

    status = 400
    errcode = "M_NOT_JSON"


class InvalidParam(TwinError):
    """An argument, a filter or a path is not of the form that this call takes."""

    status = 400
    errcode = "M_INVALID_PARAM"


class MissingParam(TwinError):
    """An argument that this call needs is missing."""

    status = 400
    errcode = "M_MISSING_PARAM"


class Forbidden(TwinError):
    """The person has no right to do this here."""

    status = 403
    errcode = "M_FORBIDDEN"


class NotFound(TwinError):
    """There is no such room, object or capability on this twin."""

    status = 404
    errcode = "M_NOT_FOUND"


class NoSuchRoom(NotFound):
    """The twin's tables have no such room, and may be a moment behind what is there."""


class TooLarge(TwinError):
    """The content or the request is larger than what fits; the sentence names the limit."""

    status = 413
    errcode = "M_TOO_LARGE"


class Conflict(TwinError):
    """Somebody else changed the object first; `current` is its revision now."""

    status = 412
    errcode = "ORG.DIGITALTWIN.CONFLICT"


def changed_meanwhile(event_type: str, state_key: str) -> str:
    """Return what to tell whoever wrote on a version that is no longer current."""
    return f"{state_key or event_type} was changed meanwhile; read it again and repeat the change on that."


class Overtaken(Conflict):
    """What a write stood on was replaced between the look at it and the write, which was not made."""

    @classmethod
    def at(cls, event_type: str, state_key: str) -> Self:
        """Return the error for what of it was replaced."""
        return cls(changed_meanwhile(event_type, state_key), current=None)


class NotProvable(TwinError):
    """The version was redacted, or what proves it is no longer there; `problems` says all of it."""

    status = 409
    errcode = "ORG.DIGITALTWIN.NOT_PROVABLE"


class RoomFull(TwinError):
    """The room has held as many objects as a room can carry; begin another collection."""

    status = 409
    errcode = "ORG.DIGITALTWIN.ROOM_FULL"


class TooOften(TwinError):
    """The call was made too often from one address; `retry_after_ms` says when it may be again."""

    status = 429
    errcode = "M_LIMIT_EXCEEDED"


class Unreachable(TwinError):
    """What was asked for lies on another twin that does not answer now."""

    status = 504
    errcode = "ORG.DIGITALTWIN.UNREACHABLE"


class NotReady(TwinError):
    """The twin can't serve yet, or refuses to; the sentence says why."""

    status = 503
    errcode = "ORG.DIGITALTWIN.NOT_READY"
