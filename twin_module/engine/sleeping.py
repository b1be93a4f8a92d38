"""What a twin that is to sleep still does, and how it shows itself to others after it was away.

A twin that sleeps is one that was stopped: all that it has to do is found in its tables and in its
rooms when it starts again. So it may sleep at any moment; it costs something only where work that
nobody waits for is cut off, and then all of that begins anew.

What it is woken for stands where it is done, see `Duty.alarm`. It is woken for nothing of this, which
is judged, or begins anew, when somebody asks: whether a link is over or a claim still holds, widgets
that fit their rooms, texts that search still misses, versions that nobody could be asked for, the
patience with strangers, what is told live, who is typing, and what is unread.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from twin_module.core.ports import Cursor, Homeserver, Member
from twin_module.engine.sequence import PROJECTION

logger = logging.getLogger(__name__)

AT_ONCE: Final = 8
"""How many servers are greeted at a time; one that is off may take a minute to find out."""
MOST_GREETED: Final = 500
WORK: Final[Mapping[str, str]] = {
    "twin_chats": "unread messages are being counted",
    "twin_companion": "its owner is being answered",
    "twin_decline": "an invitation is being declined",
    "twin_documents": "a document is being written down",
    "twin_follow": "it follows what changed",
    "twin_import": "an import runs",
    "twin_look": "it looks whether something changed",
    "twin_reminders": "its owner is being reminded",
    "twin_search_texts": "a text is being read for search",
    "twin_start": "it starts",
    "twin_subscriptions": "a calendar is being fetched",
    "twin_tell": "other twins are being told what is typed",
    "twin_tell_peer": "other twins are being told what is typed",
    "twin_turn": "it follows what changed",
}
"""What goes on, in words, by the name of the work."""


RULES: Final = 1
"""To be raised when the reconciler has something new to do in rooms that did not change."""
_SETTLED: Final = "settled"


def note_settled(cursor: Cursor) -> None:
    """Note that all is done that follows from what was read; true until more is read."""
    cursor.execute("DELETE FROM twin_position WHERE name = ?", (_SETTLED,))
    cursor.execute(
        "INSERT INTO twin_position (name, stream_id, seq)"
        " SELECT ?, stream_id, ? FROM twin_position WHERE name = ?",
        (_SETTLED, RULES, PROJECTION),
    )


def take_settled(cursor: Cursor) -> bool:
    """Tell once whether all was done when the process ended, so that no room needs a look for that."""
    cursor.execute(
        "SELECT 1 FROM twin_position s JOIN twin_position p ON p.stream_id = s.stream_id"
        " WHERE s.name = ? AND s.seq = ? AND p.name = ?",
        (_SETTLED, RULES, PROJECTION),
    )
    is_settled = cursor.fetchone() is not None
    cursor.execute("DELETE FROM twin_position WHERE name = ?", (_SETTLED,))
    return is_settled


def work_in_words(homeserver: Homeserver) -> str | None:
    """Return what would be cut off now, None where nothing would."""
    return next((WORK.get(name, name) for name in homeserver.under_way()), None)


async def greet_peers(homeserver: Homeserver) -> None:
    """Make a request that is signed to each server that shares a room with the owner.

    Other servers give one up for up to hours or days that did not answer; a sign of life ends that.
    Those in small rooms come first, and of very many some are left out.
    """
    members = await homeserver.members(await homeserver.joined_rooms())
    people = _one_of_each_server(homeserver.owner, members)
    asked = people[:MOST_GREETED]
    silent = await homeserver.greet(asked, AT_ONCE)
    logger.info(
        "Greeted %s servers; %s did not answer, %s were left out",
        len(asked) - len(silent),
        len(silent),
        len(people) - len(asked),
    )


def _one_of_each_server(me: str, members: Sequence[Member]) -> list[str]:
    """Return somebody of each other server, who is in the smallest room first."""
    joined = [each for each in members if each.membership == "join"]
    sizes = Counter(each.room_id for each in joined)
    found: dict[str, str] = {}
    for each in sorted(joined, key=lambda each: (sizes[each.room_id], each.user_id)):
        found.setdefault(_server(each.user_id), each.user_id)
    found.pop(_server(me), None)
    return list(found.values())


def _server(user_id: str) -> str:
    return user_id.partition(":")[2]
