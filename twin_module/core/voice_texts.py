"""What the twin's voice says of itself, in every language that it speaks."""

from collections.abc import Mapping
from html import escape
from typing import Final

from twin_module.core.voice import Said

_CANNOT_READ: Final[Mapping[str, tuple[str, str, str]]] = {
    "en": (
        "Thank you for asking me in, but this room is encrypted, and I can't read encrypted rooms.",
        "You can always talk to me in",
        "our own chat",
    ),
    "de": (
        "Danke für die Einladung, aber verschlüsselte Räume wie diesen kann ich nicht lesen.",
        "Du erreichst mich jederzeit in",
        "unserem eigenen Chat",
    ),
}
"""By language: why, where instead, and what the place is called."""


def cannot_read(language: str, owner: str, uri: str) -> Said:
    """Return what is said in an encrypted room; `uri` is the address of the chat of the two."""
    why, instead, chat = _CANNOT_READ[language]
    return Said(
        body=f"{why} {instead} {chat}: {uri}",
        html=f'{escape(why)} {escape(instead)} <a href="{escape(uri)}">{escape(chat)}</a>.',
        mentions=(owner,),
    )
