"""Messages of the fake homeserver by their words."""

from collections.abc import Mapping, Sequence
from typing import Final

from twin_module.core.ports import Message, MessagePage, MessageQuestion
from twin_module.core.search import asked, composed, has_all
from twin_module.core.state import content_of
from twin_module.core.voice import voice_of
from twin_module.testing.fake_network import FakeServer
from twin_module.testing.fake_rooms import FakeEvent, FakeRoom

_HIDDEN: Final = ("invited", "joined")
"""Histories that who comes later does not see."""


def candidates(server: FakeServer, question: MessageQuestion) -> Sequence[str]:
    """Return the messages that the owner may see, edits left out."""
    return [
        event.event_id
        for room in server.rooms.values()
        if _is_searched(server, room, question)
        for event in room.events.values()
        if event.type == "m.room.message"
        and event.state_key is None
        and event.sender != voice_of(server.owner)
        and event.content.get("m.relates_to", {}).get("rel_type") != "m.replace"
        and _is_visible(server, room, event)
    ]


def _is_searched(server: FakeServer, room: FakeRoom, question: MessageQuestion) -> bool:
    return (
        server.joined(room.room_id)
        and room.room_id not in question.but_rooms
        and question.room_id in (None, room.room_id)
        and ("m.room.encryption", "") not in room.state()
    )


def _is_visible(server: FakeServer, room: FakeRoom, event: FakeEvent) -> bool:
    shown = content_of(room.state(), "m.room.history_visibility").get("history_visibility")
    came = room.state()["m.room.member", server.owner].event_id
    return shown not in _HIDDEN or event.number > room.events[came].number


def page(
    server: FakeServer, messages: Mapping[str, Message], question: MessageQuestion
) -> MessagePage:
    """Return a page of messages, newest first."""
    words = asked(question.text)
    number = {
        event.event_id: event.number
        for room in server.rooms.values()
        for event in room.events.values()
    }
    fitting = [
        ((each.origin_server_ts, number[event_id]), each)
        for event_id, each in messages.items()
        if has_all(composed(each.text), words)
        and question.sender in (None, each.sender)
        and each.origin_server_ts >= (question.since or 0)
        and (question.until is None or each.origin_server_ts < question.until)
    ]
    ordered = sorted(fitting, key=lambda pair: pair[0], reverse=True)
    left = [pair for pair in ordered if question.after is None or pair[0] < question.after]
    shown = left[: question.limit]
    more = len(left) > len(shown)
    return MessagePage([each for _, each in shown], shown[-1][0] if more else None)
