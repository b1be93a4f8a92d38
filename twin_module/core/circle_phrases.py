"""What is said of circles in chats, by command."""

from collections.abc import Mapping
from typing import Final

from twin_module.core.capability import Phrase

SAID: Final[Mapping[str, tuple[Phrase, ...]]] = {
    "create": (Phrase(words={"en": ("new {name}",), "de": ("neu {name}", "neuer {name}")}),),
    "change": (
        Phrase(
            words={
                "en": ("rename {room_id} to {name}", "rename to {name}"),
                "de": ("umbenennen {room_id} in {name}", "umbenennen in {name}"),
            },
        ),
    ),
    "add": (
        Phrase(
            words={
                "en": (
                    *(
                        "add {user_id} to {room_id}",
                        "add {user_id}",
                        "add {user_id} as {role}",
                    ),
                    "add {user_id} to {room_id} as {role}",
                ),
                "de": (
                    *("aufnehmen {user_id} in {room_id}", "aufnehmen {user_id}"),
                    "aufnehmen {user_id} als {role}",
                    "aufnehmen {user_id} in {room_id} als {role}",
                ),
            },
        ),
    ),
    "remove": (
        Phrase(
            words={
                "en": ("remove {user_id} from {room_id}", "remove {user_id}"),
                "de": ("entfernen {user_id} aus {room_id}", "entfernen {user_id}"),
            },
        ),
    ),
    "dissolve": (Phrase(words={"en": ("dissolve {room_id}",), "de": ("auflösen {room_id}",)}),),
    "share": (
        Phrase(
            words={
                "en": (
                    *("share {room_id} with {circle}", "share with {circle}"),
                    "share {room_id} with {circle} as {role}",
                    "share with {circle} as {role}",
                ),
                "de": (
                    *("teile {room_id} mit {circle}", "teilen mit {circle}"),
                    *("teile mit {circle}", "teilen {room_id} mit {circle}"),
                    "teile {room_id} mit {circle} als {role}",
                ),
            },
        ),
    ),
    "unshare": (
        Phrase(
            words={
                "en": ("unshare {room_id} from {circle}", "unshare from {circle}"),
                "de": (
                    *("teile {room_id} nicht mit {circle}", "nicht teilen mit {circle}"),
                    "nicht teilen {room_id} mit {circle}",
                ),
            },
        ),
    ),
}
