"""What is to be done, as values: decisions return them, only the engine carries them out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from twin_module.core.state import Content, Key, frozen


@dataclass(frozen=True, slots=True)
class Put:
    """Write one state event. `room_id` None is the room of the command."""

    type: str
    state_key: str
    content: Content
    room_id: str | None = None
    merged: tuple[str, ...] = ()
    """The event IDs of lost versions whose changes this one takes in."""
    sign: str | None = None
    """The field whose document the twin's server is to sign.

    Such a document must not be readable as anything else that servers sign: an event, a request, keys.
    """

    @property
    def key(self) -> Key:
        """Its type and state key."""
        return (self.type, self.state_key)

    @property
    def is_ordinary(self) -> bool:
        """Whether it means nothing to Matrix itself, and so changes nobody's rights."""
        return not self.type.startswith("m.")


def remove(event_type: str, state_key: str, room_id: str | None = None) -> Put:
    """Return the effect that removes an object: its content becomes empty."""
    return Put(event_type, state_key, frozen({}), room_id)


@dataclass(frozen=True, slots=True)
class CreateRoom:
    """Make a room; `config` is the body of Matrix's `createRoom`."""

    config: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class SetMembership:
    """Invite or remove somebody."""

    room_id: str
    user_id: str
    action: Literal["invite", "kick"]
    reason: str


Effect: TypeAlias = Put | CreateRoom | SetMembership
