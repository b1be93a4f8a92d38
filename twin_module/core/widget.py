"""Widgets: a collection that clients with widgets (Element) show beside its room's messages.

A widget is one state event (MSC1236). Clients read `im.vector.modular.widgets`; `m.widget`, the name
in the proposal, is read by none, and a client that read both would show two widgets. Its state key is
the owner's Matrix ID, which only they may write: nobody can put another address into its place.

The address holds its secret behind the `#`, which no browser sends to a server. Clients fill the
variables in there as well (MSC2873 for theme and language).
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from canonicaljson import encode_canonical_json
from unpaddedbase64 import encode_base64

from twin_module.core.link import is_token
from twin_module.core.state import StateMap, content_of, plain

WIDGET: Final = "im.vector.modular.widgets"
"""The type of the state event."""
PAGE: Final = "/_synapse/client/twin/widget.html"
"""The page in it; the only one of the twin that may be framed."""
MAX_NAME: Final = 100
"""Letters of a name that a client shows beside others."""
MAX_VALUE: Final = 2000
"""Bytes of a value that the page in a widget gets: it shows lists, not whole texts and pictures."""
_VARIABLES: Final = (
    ("theme", "$org.matrix.msc2873.client_theme"),
    ("language", "$org.matrix.msc2873.client_language"),
    ("user", "$matrix_user_id"),
    ("room", "$matrix_room_id"),
)
_GONE: Final = ("leave", "ban")


def widget_url(public_url: str, token: str) -> str:
    """Return the address of a widget, with the variables that clients fill in.

    Args:
        public_url: of the twin's server, without a slash at the end.
        token: what opens the collection.
    """
    filled = "&".join(f"{name}={variable}" for name, variable in (("token", token), *_VARIABLES))
    return f"{public_url}{PAGE}#{filled}"


def widget_content(owner: str, name: str, url: str) -> dict[str, Any]:
    """Return the content of the state event.

    Element puts state key and sender in place of `id` and `creatorUserId`; other clients read them
    here. `waitForIframeLoad` has a client show the page at once, also one that never answers it.
    """
    return {
        "id": owner,
        "creatorUserId": owner,
        "type": "m.custom",
        "name": name[:MAX_NAME],
        "url": url,
        "waitForIframeLoad": True,
        "data": {},
    }


def token_in(state: StateMap, owner: str) -> str | None:
    """Return the token in the widget of a room, None where there is no widget of the owner's."""
    url = content_of(state, WIDGET, owner).get("url")
    if not isinstance(url, str):
        return None
    try:
        found = parse_qs(urlsplit(url).fragment).get("token", [""])
    except ValueError:
        return None
    return found[0] if is_token(found[0]) else None


def who_left(state: StateMap) -> str:
    """Return a mark of who is no longer in a room, as unpadded base64.

    Whoever was in the room knows the widget's address. So one that was made before somebody left
    opens nothing any more, and this is how that shows.
    """
    gone = sorted(
        user
        for (kind, user), event in state.items()
        if kind == "m.room.member" and event.content.get("membership") in _GONE
    )
    return encode_base64(sha256(encode_canonical_json(gone)).digest())


def light(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of an object without what is too long for a list."""
    return {
        name: value
        for name, value in content.items()
        if len(encode_canonical_json(plain(value))) <= MAX_VALUE
    }
