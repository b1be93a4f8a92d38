"""What help says, and how commands and their places are called in other languages than English."""

from collections.abc import Mapping
from typing import Final

from twin_module.chat.words import Catalog

WORDS: Final = Catalog(
    {
        "en": {
            "begin": "You can write:",
            "answers": "Answer a message about something with: {phrases}. A ✅ under it says the same"
            " as “done” or “yes”, a ❌ as “no”.",
            "more": "!help {called} tells all that can be said of one of these.",
            "of": "{called}: {summary}. You can write:",
            "named": "Arguments can be named: !{called} {command} argument=value, with “quotation"
            " marks” around what has spaces.",
            "or": "As an answer:",
            "meant": "I don't understand that. Did you mean {usage}?",
            "lost": "I don't understand that. !help tells what you can write.",
            "complete": "I need more than that: {usage}",
            "capability": "I don't understand that. For example: {usage}. More: !help {called}",
        },
        "de": {
            "begin": "Du kannst schreiben:",
            "answers": "Antworte auf eine Nachricht über etwas mit: {phrases}. Ein ✅ darunter sagt"
            " dasselbe wie „erledigt“ oder „ja“, ein ❌ wie „nein“.",
            "more": "!hilfe {called} sagt alles, was du davon sagen kannst.",
            "of": "{called}: {summary}. Du kannst schreiben:",
            "named": "Angaben lassen sich benennen: !{called} {command} angabe=wert, mit"
            " „Anführungszeichen“ um alles mit Leerzeichen.",
            "or": "Als Antwort:",
            "meant": "Das verstehe ich nicht. Meinst du {usage}?",
            "lost": "Das verstehe ich nicht. !hilfe sagt, was du schreiben kannst.",
            "complete": "Da fehlt etwas: {usage}",
            "capability": "Das verstehe ich nicht. Zum Beispiel: {usage}. Mehr: !hilfe {called}",
        },
    }
)

PLACES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "uid": "which",
        "user_id": "who",
        "user_ids": "who",
        "assignees": "who",
        "invite": "who",
        "due": "when",
        "start": "when",
        "to_room_id": "where",
        "room_id": "where",
        "name.full": "name",
        "displayname": "name",
        "keywords": "keyword",
        "event_id": "version",
        "valid_until": "when",
    },
    "de": {
        "uid": "was",
        "user_id": "wer",
        "user_ids": "wer",
        "assignees": "wer",
        "invite": "wer",
        "due": "wann",
        "start": "wann",
        "to_room_id": "wohin",
        "room_id": "wo",
        "name.full": "Name",
        "displayname": "Name",
        "name": "Name",
        "keywords": "Stichwort",
        "title": "Titel",
        "text": "Text",
        "circle": "Kreis",
        "role": "Rolle",
        "member": "wer",
        "priority": "Priorität",
        "duration": "Dauer",
        "reason": "Grund",
        "person": "wer",
        "statement": "Aussage",
        "event_id": "Version",
        "valid_until": "wann",
    },
}
"""What stands for an argument where a command is explained; others stand as they are named."""

SUMMARIES: Final[Mapping[str, Mapping[str, str]]] = {
    "de": {
        "tasks": "Aufgaben, die man gemeinsam hat",
        "tasks.add": "eine Aufgabe hinzufügen",
        "tasks.change": "eine Aufgabe ändern",
        "tasks.complete": "eine Aufgabe als erledigt abhaken",
        "tasks.reopen": "eine Aufgabe ist doch wieder zu tun",
        "tasks.assign": "sagen, wer etwas tun soll",
        "tasks.move": "eine Aufgabe mit ihren Teilen in eine andere Liste verschieben",
        "tasks.remove": "eine Aufgabe entfernen",
        "agenda": "Termine, die man gemeinsam hat und zu denen man einlädt",
        "agenda.add": "einen Termin hinzufügen",
        "agenda.change": "einen Termin ändern",
        "agenda.cancel": "einen Termin absagen, der sichtbar bleibt",
        "agenda.remove": "einen Termin entfernen",
        "agenda.invite": "Leute zu einem Termin einladen",
        "agenda.uninvite": "Leute von einem Termin ausladen",
        "agenda.answer": "auf eine Einladung antworten",
        "agenda.move": "einen Termin in eine andere Sammlung verschieben",
        "docs": "Dokumente, die man schreibt",
        "docs.create": "ein Dokument beginnen",
        "docs.rename": "einem Dokument einen anderen Titel geben",
        "docs.write": "den Text eines Dokuments ersetzen",
        "docs.name_version": "einer Version eines Dokuments einen Namen geben",
        "docs.remove": "ein Dokument entfernen",
        "circles": "die Leute, mit denen du teilst",
        "circles.create": "einen Kreis anlegen",
        "circles.change": "einen Kreis anders nennen",
        "circles.add": "jemanden in einen Kreis aufnehmen",
        "circles.remove": "jemanden aus einem Kreis nehmen",
        "circles.dissolve": "einen Kreis auflösen; alle verlassen ihn",
        "circles.share": "eine Sammlung mit einem Kreis teilen",
        "circles.unshare": "eine Sammlung nicht mehr mit einem Kreis teilen",
        "attestations": "unterschriebene Aussagen über Objekte, Dateien und Menschen",
        "attestations.issue": "etwas unterschrieben aussagen",
        "attestations.revoke": "eine eigene Aussage widerrufen",
        "attestations.remove": "eine Aussage aus dem Raum nehmen, ohne sie zu widerrufen",
        "contacts": "Adressbücher, die man gemeinsam hat",
        "contacts.add": "einen Kontakt hinzufügen",
        "contacts.add_person": "einen Kontakt zu einer Matrix-ID hinzufügen",
        "contacts.move": "einen Kontakt in ein anderes Adressbuch verschieben",
        "contacts.add_member": "jemanden in eine Gruppe aufnehmen",
        "contacts.remove_member": "jemanden aus einer Gruppe nehmen",
        "contacts.remove": "einen Kontakt entfernen",
    },
}
"""What capabilities and commands do, by their names; English ones say it themselves."""

HEADINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "de": {
        "tasks": "Aufgaben",
        "agenda": "Termine",
        "docs": "Dokumente",
        "circles": "Kreise",
        "attestations": "Bescheinigungen",
        "contacts": "Kontakte",
    },
}
"""What stands over lists of objects; in English it is the name of the capability."""
