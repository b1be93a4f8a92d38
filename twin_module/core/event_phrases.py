"""What is said of events in chats, by command."""

from collections.abc import Mapping
from typing import Final

from twin_module.core.capability import Phrase
from twin_module.core.phrases import MOVE, NEW, REMOVE, RENAME

SAID: Final[Mapping[str, tuple[Phrase, ...]]] = {
    "add": (
        Phrase(
            words=NEW,
            brings={"duration": "PT1H"},
            people="invite",
            keywords="keywords",
            moment="start",
            duration="duration",
        ),
    ),
    "change": (
        Phrase(
            words={
                "en": (
                    *("move to {start}", "{start}", "move {uid} to {start}"),
                    *("postpone to {start}", "postpone {uid} to {start}"),
                ),
                "de": (
                    *("verschieben auf {start}", "{start}", "auf {start}"),
                    *("verschiebe auf {start}", "verschiebe {uid} auf {start}"),
                    "verschieben {uid} auf {start}",
                    *("verlege auf {start}", "verlege {uid} auf {start}"),
                ),
            },
            duration="duration",
        ),
        RENAME,
        Phrase(
            words={
                "en": ("lasts {duration}",),
                "de": ("dauert {duration}",),
            },
        ),
    ),
    "cancel": (
        Phrase(
            words={
                "en": ("cancel", "call off", "call off {uid}", "called off", "cancelled"),
                "de": ("absagen", "absagen {uid}", "fällt aus", "abgesagt"),
            },
        ),
    ),
    "remove": (REMOVE,),
    "invite": (
        Phrase(
            words={
                "en": ("invite {user_ids}", "invite {user_ids} to {uid}", "{user_ids}"),
                "de": (
                    *("einladen {user_ids}", "einladen {user_ids} zu {uid}"),
                    *("lade {user_ids} ein", "lade {user_ids} ein zu {uid}", "{user_ids}"),
                ),
            },
        ),
    ),
    "uninvite": (
        Phrase(
            words={
                "en": ("uninvite {user_ids}", "uninvite {user_ids} from {uid}"),
                "de": ("ausladen {user_ids}", "ausladen {user_ids} von {uid}"),
            },
        ),
    ),
    "answer": (
        Phrase(
            words={
                "en": (
                    "yes",
                    "accept",
                    "accept {uid}",
                    "i come",
                    "i'll come",
                    "i'm coming",
                    "i'm in",
                ),
                "de": ("ja", "zusagen", "zusagen {uid}", "ich komme", "bin dabei", "ich bin dabei"),
            },
            brings={"participationStatus": "accepted"},
            reactions=("✅", "✔️", "☑️", "👍"),
        ),
        Phrase(
            words={
                "en": ("no", "decline", "decline {uid}", "i can't", "i can't come", "i don't come"),
                "de": ("nein", "ablehnen", "ablehnen {uid}", "ich kann nicht", "ich komme nicht"),
            },
            brings={"participationStatus": "declined"},
            reactions=("❌", "✖️", "🚫", "👎"),
        ),
        Phrase(
            words={
                "en": ("maybe", "perhaps", "tentative"),
                "de": ("vielleicht", "mal sehen"),
            },
            brings={"participationStatus": "tentative"},
            reactions=("❓", "🤔", "🤷"),
        ),
    ),
    "move": (MOVE,),
}
