"""What the twin's own voice said to the owner of a fake homeserver."""

from typing import Any

from tests.engine.conftest import Home, settle
from twin_module.core.voice import voice_of
from twin_module.testing.driver import run


def messages(home: Home) -> list[dict[str, Any]]:
    """Return the contents of all messages of the voice, in whichever room."""
    voice = voice_of(home.owner)
    return [
        dict(event.content)
        for _, event in home.server.arrivals
        if event.type == "m.room.message" and event.sender == voice
    ]


def said(home: Home) -> list[str]:
    """Return the texts of all messages of the voice."""
    return [str(each["body"]) for each in messages(home)]


def chats_with_voice(home: Home) -> list[str]:
    """Return the rooms that the voice and the owner are in."""
    voice = voice_of(home.owner)
    return [
        room_id
        for room_id, room in home.server.rooms.items()
        if room.membership(voice) == room.membership(home.owner) == "join"
    ]


def wait(home: Home, seconds: float) -> None:
    """Let time go by, in which the twin is woken as it is every few seconds."""
    home.network.pass_time(seconds)
    settle(home)
    run(home.twin.look_again())
    settle(home)
