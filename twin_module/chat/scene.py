"""Where and when something was said to the twin, and how an answer sounds there."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from twin_module.chat.speech import Speech
from twin_module.core.layout import Kind
from twin_module.core.ports import Message
from twin_module.core.voice import Said
from twin_module.engine.store import Room


@dataclass(frozen=True, slots=True)
class Scene:
    """Where something was said."""

    message: Message
    room: Room | None
    """As the twin's tables know it; None of a room that is none of theirs."""
    in_chat: bool
    """Whether it is the chat of the two."""
    speech: Speech
    line: int = 0
    """Which command of the message it is; each stands in a line."""

    @property
    def room_id(self) -> str:
        """The room."""
        return self.message.room_id

    @property
    def is_collection(self) -> bool:
        """Whether objects belong there."""
        return self.room is not None and self.room.kind == Kind.COLLECTION.value


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said, and what was written that it tells."""

    said: Said
    written: Sequence[str] = field(default=())
    """Event IDs."""
    elsewhere: bool = False
    """Whether it tells what is in other rooms, so that nobody here is to read it."""
