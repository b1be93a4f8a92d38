"""What is said of tasks in chats, by command."""

from collections.abc import Mapping
from typing import Final

from twin_module.core.capability import Phrase
from twin_module.core.phrases import MOVE, NEW, REMOVE, RENAME

SAID: Final[Mapping[str, tuple[Phrase, ...]]] = {
    "add": (
        Phrase(
            words=NEW,
            people="assignees",
            keywords="keywords",
            moment="due",
        ),
    ),
    "change": (
        Phrase(
            words={
                "en": (
                    *("due {due}", "{due}", "by {due}", "until {due}", "for {due}"),
                    *("move to {due}", "move {uid} to {due}"),
                    *("postpone to {due}", "postpone {uid} to {due}"),
                ),
                "de": (
                    *("bis {due}", "{due}", "fällig {due}", "auf {due}", "für {due}"),
                    *("verschieben auf {due}", "verschiebe auf {due}"),
                    *("verschiebe {uid} auf {due}", "verschieben {uid} auf {due}"),
                ),
            },
        ),
        RENAME,
        Phrase(
            words={"en": ("no date", "someday"), "de": ("kein Datum", "irgendwann")},
            brings={"due": None, "timeZone": None, "showWithoutTime": None},
        ),
        Phrase(
            words={"en": ("urgent", "important"), "de": ("dringend", "wichtig")},
            brings={"priority": 1},
        ),
        Phrase(
            words={
                "en": ("priority {priority}", "priority {priority} {uid}"),
                "de": ("priorität {priority}", "priorität {priority} {uid}"),
            },
        ),
    ),
    "complete": (
        Phrase(
            words={
                "en": ("done", "done {uid}", "finished", "complete", "completed", "did"),
                "de": (
                    *("erledigt", "erledigt {uid}", "erledige {uid}", "fertig", "fertig {uid}"),
                    *("gemacht", "geschafft", "abgehakt"),
                ),
            },
            reactions=("✅", "✔️", "☑️"),
        ),
    ),
    "reopen": (
        Phrase(
            words={
                "en": ("reopen", "not done", "not done {uid}", "open again"),
                "de": ("wieder offen", "nicht erledigt", "nicht erledigt {uid}", "doch nicht"),
            },
        ),
    ),
    "assign": (
        Phrase(
            words={
                "en": (
                    *("assign to {user_id}", "assign {uid} to {user_id}", "for {user_id}"),
                    *("{user_id}", "give to {user_id}", "give {uid} to {user_id}"),
                ),
                "de": (
                    *("zuweisen an {user_id}", "zuweisen {uid} an {user_id}"),
                    *("für {user_id}", "{user_id}", "an {user_id}"),
                    *("gib {uid} an {user_id}", "weise {uid} {user_id} zu"),
                ),
            },
        ),
        Phrase(
            words={
                "en": ("mine", "i do it", "i'll do it", "i take it"),
                "de": ("meins", "ich mache es", "ich mach's", "mach ich"),
            },
            brings={"user_id": "$me"},
            reactions=("✋", "🙋"),
        ),
        Phrase(
            words={
                "en": ("unassign {user_id}", "unassign {uid} from {user_id}"),
                "de": ("nicht {user_id}", "entziehe {uid} {user_id}"),
            },
            brings={"assigned": False},
        ),
        Phrase(
            words={
                "en": ("decline", "no", "not me", "i can't"),
                "de": ("ablehnen", "nein", "ich nicht", "nicht ich", "ich kann nicht"),
            },
            brings={"user_id": "$me", "assigned": False},
            reactions=("❌", "✖️", "🚫"),
        ),
    ),
    "move": (MOVE,),
    "remove": (REMOVE,),
}
