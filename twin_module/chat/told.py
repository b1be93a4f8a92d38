"""A message that a twin told, as far as answers to it go. Pure, and tolerant: twins may lie."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from twin_module.core.ports import Message
from twin_module.core.state import NAMESPACE, plain
from twin_module.core.voice import ABOUT, CHOICES, TOPIC, About, Said

BRIEF: Final = "brief"
QUESTION: Final = "question"
LIST: Final = "list"
"""A list of objects, each with a number to answer with."""
COLLECTIONS: Final = "collections"
"""The list of all collections."""
ANSWERS: Final = "answers"
"""Several answers at once, which have no numbers."""
MOST: Final = 100
"""Objects of one message that are read."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a message said, and what its numbers stand for."""

    body: str
    html: str | None
    about: Sequence[About]
    choices: Sequence[Mapping[str, Any]]
    topic: str | None

    @property
    def count(self) -> int:
        """Up to where it counts."""
        return len(self.choices) or len(self.about)

    def again(self, owner: str) -> Said:
        """Return it once more, for its owner alone."""
        return Said(
            body=self.body,
            html=self.html,
            mentions=(owner,),
            about=tuple(self.about),
            topic=self.topic,
        )


def told_in(message: Message, *, own: bool) -> Told:
    """Return what a message told.

    Args:
        message: of a twin's voice, as it was edited last.
        own: whether that voice is the twin's own; another one's message speaks of objects of its
            own room alone, and asks nothing.
    """
    content: Any = plain(message.content)
    new = content.get("m.new_content")
    shown = new if isinstance(new, Mapping) else content
    ours = shown.get(NAMESPACE)
    said: Mapping[str, Any] = ours if isinstance(ours, Mapping) else {}
    choices, topic = said.get(CHOICES), said.get(TOPIC)
    body, html = shown.get("body"), shown.get("formatted_body")
    return Told(
        body=body if isinstance(body, str) else "",
        html=html if isinstance(html, str) else None,
        about=[each for each in _abouts(said.get(ABOUT)) if own or each.room_id == message.room_id],
        choices=choices if own and isinstance(choices, list) else (),
        topic=topic if isinstance(topic, str) else None,
    )


def _abouts(said: Any) -> Sequence[About]:
    found = []
    for each in said[:MOST] if isinstance(said, list) else ():
        fields = each if isinstance(each, Mapping) else {}
        place = [fields.get(name) for name in ("room_id", "type", "uid")]
        series = fields.get("recurrence_id")
        if all(isinstance(name, str) for name in place):
            room_id, event_type, uid = map(str, place)
            found.append(
                About(room_id, event_type, uid, series if isinstance(series, str) else None)
            )
    return found
