"""Accounts of vCards: IMPP, SOCIALPROFILE and what programs wrote before these (RFC 9555, section 2.6)."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote

from twin_module.core.jscontact import MATRIX
from twin_module.core.jscontact_schema import MAX_TEXT
from twin_module.core.matrix_uri import is_user_id, user_uri
from twin_module.core.vcf.draft import Draft, text_of, uri_of
from twin_module.core.vcf.lines import Line, unescaped

_OF_OLD: Final[Mapping[str, str]] = {
    "X-AIM": "AIM",
    "X-ICQ": "ICQ",
    "X-JABBER": "Jabber",
    "X-GOOGLE-TALK": "Google Talk",
    "X-MSN": "MSN",
    "X-YAHOO": "Yahoo",
    "X-SKYPE": "Skype",
    "X-SKYPE-USERNAME": "Skype",
    "X-QQ": "QQ",
    "X-GADUGADU": "Gadu-Gadu",
    "X-TWITTER": "Twitter",
    "X-TELEGRAM": "Telegram",
}
"""Services by properties that hold a user's name there."""
_TO: Final = "https://matrix.to/#/"
_PLACES: Final = ("home", "work", "pref", "internet", "other")


def matrix_id(text: str) -> str | None:
    """Return the Matrix ID that a text means in one of the forms that programs write."""
    for prefix in ("matrix:u/", "matrix:", _TO):
        if text.startswith(prefix):
            text = unquote(text.removeprefix(prefix).partition("?")[0])
            break
    user_id = text if text.startswith("@") else f"@{text}"
    return user_id if is_user_id(user_id) else None


def _service(line: Line) -> str:
    return line.param("SERVICE-TYPE") or line.param("X-SERVICE-TYPE")


def _account(draft: Draft, line: Line) -> str | None:
    service = _service(line)
    words = [each for each in line.params.get("TYPE", ()) if each.lower() not in _PLACES]
    contexts = draft.words(line)
    if not service and line.name == "X-SOCIALPROFILE" and words:
        # Apple's programs have the service among the types.
        service = words[0]
        contexts.pop(service.lower(), None)
    value = unescaped(line.value.strip())
    is_matrix = (
        service.lower() == "matrix" or line.name == "X-MATRIX" or value.startswith(("matrix:", _TO))
    )
    user_id = matrix_id(value) if is_matrix else None
    service = MATRIX if user_id else service
    fields: dict[str, Any] = {"service": service} if service else {}
    user = line.param("USERNAME") or line.param("X-USER")
    uri = user_uri(user_id) if user_id else uri_of(line)
    if uri and len(uri) <= MAX_TEXT and line.param("VALUE").lower() != "text":
        fields["uri"] = uri
    elif value and not user:
        user = value.removeprefix("x-apple:")
    if user:
        fields["user"] = user
    if "uri" not in fields and "user" not in fields:
        return None
    return draft.entry("onlineServices", line, fields, contexts)


def _old(draft: Draft, line: Line) -> str | None:
    text = text_of(line)
    if not text:
        return None
    fields = {"service": _OF_OLD[line.name], "user": text}
    return draft.entry("onlineServices", line, fields)


SERVICES: Final[Mapping[str, Callable[[Draft, Line], str | None]]] = {
    "IMPP": _account,
    "SOCIALPROFILE": _account,
    "X-SOCIALPROFILE": _account,
    "X-MATRIX": _account,
    **dict.fromkeys(_OF_OLD, _old),
}
