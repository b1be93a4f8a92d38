"""What is said of objects of any kind, in chats: that they are renamed, moved elsewhere, or removed."""

from typing import Final

from twin_module.core.capability import Phrase, Words

NEW: Final[Words] = {"en": ("{title}", "new {title}"), "de": ("{title}", "neu {title}")}
"""Forms for something new that has a title."""
RENAME: Final = Phrase(
    words={
        "en": ("rename to {title}", "rename {uid} to {title}", "call it {title}"),
        "de": (
            *("umbenennen in {title}", "umbenennen {uid} in {title}"),
            *("nenne es {title}", "nenne {uid} {title}"),
        ),
    }
)
MOVE: Final = Phrase(
    words={
        "en": ("move to {to_room_id}", "move {uid} to {to_room_id}"),
        "de": (
            *("verschieben nach {to_room_id}", "verschiebe nach {to_room_id}"),
            *("verschieben {uid} nach {to_room_id}", "verschiebe {uid} nach {to_room_id}"),
        ),
    }
)
REMOVE: Final = Phrase(
    words={
        "en": ("remove", "remove {uid}", "delete", "delete {uid}"),
        "de": ("löschen", "löschen {uid}", "lösche {uid}", "entfernen", "entfernen {uid}"),
    },
    reactions=("🗑️",),
)
