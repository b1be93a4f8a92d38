"""What fake servers ask of each other: to take an invitation, to let somebody join."""

from collections.abc import Sequence
from typing import Any, Final

from twin_module.core.authority import membership_of, power_of
from twin_module.core.errors import Forbidden, NotFound, Unreachable
from twin_module.core.ports import Invitation
from twin_module.core.state import StateEvent, content_of
from twin_module.core.voice import voice_of
from twin_module.testing.fake_network import FakeServer
from twin_module.testing.fake_rooms import STRIPPED, FakeRoom, allowed_rooms

MEMBER: Final = "m.room.member"


def invite(inviter: FakeServer, room_id: str, user_id: str) -> None:
    """Bring an invitation to the server of who is invited.

    Raises:
        Unreachable: that server does not answer.
    """
    invited = inviter.network.reach(inviter, user_id.partition(":")[2])
    state = inviter.state(room_id)
    shown = {
        key: StateEvent(room_id, *key, event.content, event.sender, "", 0)
        for key, event in state.items()
        if key in [(kind, "") for kind in STRIPPED] or key == (MEMBER, inviter.owner)
    }
    if invited.owner == user_id:
        invited.be_invited(Invitation(room_id, inviter.owner, shown), room_id)
    elif user_id == voice_of(invited.owner) and not invited.joined(room_id):
        invited.voice_invitations[room_id] = inviter.owner
        invited.position += 1
        invited.tell()


def join(joiner: FakeServer, room_id: str, via: Sequence[str], reason: str) -> None:
    """Let an owner join a room through a server that is in it.

    Raises:
        NotFound: nobody was named who could know the room.
        Unreachable: none of those named answers.
        Forbidden: the room's rules do not let them in.
    """
    network = joiner.network
    invitation = joiner.invitations.get(room_id)
    names = [*via, *([invitation.inviter.partition(":")[2]] if invitation else [])]
    if joiner.joined(room_id):
        return
    if not names:
        raise NotFound("Can't join remote room because no servers that are in it were named.")
    reached = [
        server
        for name in names
        if (server := network.servers.get(name)) is not None and network.linked(joiner, server)
    ]
    if not reached:
        raise Unreachable(f"None of {', '.join(names)} can be reached now.")
    resident = next((server for server in reached if server.joined(room_id)), None)
    if resident is None:
        raise NotFound(f"None of {', '.join(names)} is in {room_id}.")
    state = resident.state(room_id)
    content: dict[str, Any] = {"membership": "join", **({"reason": reason} if reason else {})}
    if membership_of(state, joiner.owner) != "invite":
        rooms = allowed_rooms(state)
        if not any(membership_of(resident.state(each), joiner.owner) == "join" for each in rooms):
            raise Forbidden("You are not invited to this room.")
        levels = content_of(state, "m.room.power_levels")
        if power_of(state, resident.owner) < levels.get("invite", 0):
            raise Forbidden("Nobody here may let you in.")
        content["join_authorised_via_users_server"] = resident.owner
    room = joiner.rooms.setdefault(room_id, FakeRoom(room_id))
    everything = resident.rooms[room_id].events
    if network.short_history and not room.events:
        room.withheld = everything.keys() - set(resident.rooms[room_id].current.values())
    joiner.receive(
        room_id, [each for each in everything.values() if each.event_id not in room.withheld]
    )
    joiner.write(room_id, MEMBER, joiner.owner, content)
    # The resident server passes the join on, whether or not the rest is late.
    newest = room.events[room.current[MEMBER, joiner.owner]]
    resident.receive(room_id, [newest])
