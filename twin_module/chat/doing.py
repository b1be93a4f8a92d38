"""Does what is asked for, as the owner and with their rights alone, and tells what was done."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final
from zoneinfo import ZoneInfo

from twin_module.chat.language import moments, usage
from twin_module.chat.lookups import Lookups
from twin_module.chat.meaning import Meaning, Unclear, Unknown
from twin_module.chat.news.changes import known_types
from twin_module.chat.people import names
from twin_module.chat.request import Question, Request
from twin_module.chat.scene import Answer, Scene
from twin_module.chat.speech import Title
from twin_module.chat.told import QUESTION
from twin_module.core.capability import Capability, Deed, EventType
from twin_module.core.errors import Conflict
from twin_module.core.event_types import EVENT
from twin_module.core.recurrence import occurrence_at
from twin_module.core.state import Content, frozen
from twin_module.core.voice import About, Said
from twin_module.engine.orders import Written
from twin_module.engine.twin import Twin

EXPERIENCE: Final = "chat"
"""What the history says that such changes came through."""
EVENTS: Final = "agenda"
SERIES: Final = "recurrence_id"
TARGET: Final = "to_room_id"


class Doing:
    """Runs the commands of all capabilities."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._homeserver = twin.homeserver
        self._lookups = Lookups(twin)
        self._meaning = Meaning(twin, self._lookups)
        self._types = known_types(twin.capabilities)

    async def do(self, request: Request, scene: Scene) -> Answer:
        """Run a command, or ask what is not clear.

        Raises:
            TwinError: it can't be done; the message says why.
        """
        capability = self._twin.commands.capability(request.capability)
        command = capability.command(request.command)
        try:
            decided = await self._meaning.decide(request, capability, command, scene)
        except Unclear as unclear:
            return Answer(question(unclear.question, scene))
        except Unknown as unknown:
            return Answer(unknown.said)
        arguments = dict(decided.arguments)
        if SERIES not in command.arguments:
            arguments.pop(SERIES, None)  # it is done to all of a series, or there is no part of it
        if capability.name != EVENTS:
            return await self._run(decided, capability, arguments, scene)
        if decided.command == "invite":
            return await self._invite(arguments, arguments["user_ids"], scene)
        # Guests may have to get a room of their own, so they are invited to what is there.
        guests = arguments.pop("invite", ())
        answer = await self._run(decided, capability, arguments, scene)
        return await self._invite(arguments, guests, scene) if guests else answer

    async def _run(
        self, request: Request, capability: Capability, arguments: dict[str, Any], scene: Scene
    ) -> Answer:
        """Run a command whose arguments are known, and tell what it did."""
        command = capability.command(request.command)
        makes = "uid" in command.arguments and "uid" not in command.required
        if makes and "uid" not in arguments:
            # The same message makes the same object, also when it is worked off again after a kill.
            said = f"{scene.message.event_id}{scene.line or ''}"
            arguments["uid"] = sha256(said.encode()).hexdigest()[:20]
        before = {} if makes else await self._contents(capability, arguments)
        for had in before.values():
            # Tomorrow is tomorrow at the time that it had so far, and 17:00 is on its day.
            arguments = moments.keeping(arguments, request.days, had, request.times)
        written, made = await self._written(capability, request.command, arguments, makes=makes)
        if makes and scene.in_chat and request.room_id is not None:
            await self._meaning.remember(capability, request.room_id)
        await self._twin.projector.catch_up()
        if made:
            return Answer(scene.speech.said("made", title=Title(str(arguments.get("name", "")))))
        told = [each for each in written if each.changed or makes]
        if TARGET in arguments and told:
            return await self._moved(capability, arguments, told, scene)
        answer = await self._told(capability, before, told, scene, arguments.get(SERIES))
        if answer is not None:
            return answer
        what = usage.summary(capability, request.command, scene.speech.language)
        return Answer(scene.speech.said("done", what=what), [each.event_id for each in told])

    async def possible(self, requests: Sequence[Request], scene: Scene) -> Sequence[Request]:
        """Return which of several meanings name what there is; where none does, one to say so of."""
        if not all(each.capability for each in requests):
            return requests
        found = [each for each in requests if not await self._meaning.names_nothing(each, scene)]
        return found or requests[:1]

    async def _written(
        self, capability: Capability, command: str, arguments: dict[str, Any], *, makes: bool
    ) -> tuple[Sequence[Written], Sequence[str]]:
        """Run a command, and return what it wrote and which rooms it made."""
        try:
            outcome = await self._twin.commands.run(capability.name, command, arguments, EXPERIENCE)
        except Conflict:
            about = _about(capability, arguments)
            record = await self._lookups.object(about) if makes and about else None
            if record is None or about is None:
                raise
            # It was made before a kill, and only the answer is missing.
            return [Written(about.room_id, about.type, about.uid, record.event_id, True)], ()
        return outcome.written, outcome.created

    async def _invite(
        self, arguments: Mapping[str, Any], people: Sequence[str], scene: Scene
    ) -> Answer:
        """Invite guests to an event, which may get a room of its own for that."""
        room = await self._twin.joined_room(arguments["room_id"])
        invited = await self._twin.meetings.invite(room, arguments["uid"], people, None)
        about = About(invited.room_id, EVENT.type, invited.uid)
        called = await self._called([*people, *invited.waiting])
        there, record = await self._lookups.room(invited.room_id), await self._lookups.object(about)
        said = scene.speech.said(
            "invited-moved" if invited.moved else "invited",
            [about],
            people=", ".join(called[user] for user in people),
            title=Title(record.title or record.uid if record else invited.uid),
            details=scene.speech.details(record.event().content, str, ()) if record else "",
            room=Title(there.name if there else invited.room_id),
        )
        if invited.waiting:
            waiting = ", ".join(called[user] for user in invited.waiting)
            late = scene.speech.said("waiting", people=waiting)
            said = replace(said, body=said.body + late.body, html=f"{said.html}{late.html}")
        return Answer(said)

    async def invitation(self, about: About, scene: Scene, *, accept: bool) -> Answer:
        """Accept or decline an invitation to a room.

        Raises:
            TwinError: it can't be joined.
        """
        waiting = {each.room_id: each for each in await self._homeserver.invitations()}
        invitation = waiting.get(about.room_id)
        if invitation is None:
            return Answer(scene.speech.said("gone"))
        via = [invitation.inviter.partition(":")[2]]
        named = invitation.state.get(("m.room.name", ""))
        name = named.content.get("name") if named else None
        await self._homeserver.set_membership(
            about.room_id, self._homeserver.owner, "join" if accept else "leave", "", via
        )
        title = Title(name if isinstance(name, str) and name else about.room_id)
        return Answer(scene.speech.said("joined" if accept else "left", title=title))

    async def proposal(self, about: About, scene: Scene, *, accept: bool) -> Answer:
        """Take a proposal in, or dismiss it; `uid` is the event ID of the version.

        Raises:
            TwinError: it can't be taken in.
        """
        if not accept:
            await self._twin.proposals.dismiss(about.uid)
            return Answer(scene.speech.said("dismissed"))
        await self._twin.proposals.accept(about.uid, EXPERIENCE)
        return Answer(scene.speech.said("taken-in"))

    # What is told

    async def _contents(
        self, capability: Capability, arguments: Mapping[str, Any]
    ) -> Mapping[tuple[str, str], Content]:
        about = _about(capability, arguments)
        record = await self._lookups.object(about) if about else None
        return {(record.type, record.uid): record.event().content} if record else {}

    async def _told(
        self,
        capability: Capability,
        before: Mapping[tuple[str, str], Content],
        written: Sequence[Written],
        scene: Scene,
        series: str | None,
    ) -> Answer | None:
        """Tell what was done to the first object of which there is something to tell, if any.

        Of a series at one time alone, it is told what that time is now.
        """
        ids = [each.event_id for each in written]
        if not ids:
            return Answer(scene.speech.said("nothing"), ids)
        if capability.event_type.governs:
            return None  # its objects are rooms: what the command does says more than what it wrote
        events = await self._homeserver.events(ids)
        for each in written:
            known, event = self._types.get(each.type), events.get(each.event_id)
            if known is None or event is None:
                continue
            was, now = before.get((each.type, each.state_key), frozen({})), event.content
            if series is not None and known.type is capability.event_type:
                was, now = _at(was, series, scene), _at(now, series, scene)
            for deed in known.deeds(was, now):
                about = About(each.room_id, capability.event_type.type, deed.uid or each.state_key)
                said = await self._deed(deed, known.type, about, was, now, scene)
                return Answer(said, ids)
        return None

    async def _moved(
        self,
        capability: Capability,
        arguments: Mapping[str, Any],
        written: Sequence[Written],
        scene: Scene,
    ) -> Answer:
        """Tell where an object is now."""
        about = About(arguments[TARGET], capability.event_type.type, arguments["uid"])
        title, room = await self.title(about), await self._lookups.room(about.room_id)
        where = scene.speech.words("in", room=(room.name if room else "") or about.room_id)
        said = scene.speech.said(
            "rescheduled", [about], title=Title(title or about.uid), details=where
        )
        return Answer(said, [each.event_id for each in written])

    async def _deed(
        self, deed: Deed, known: EventType, about: About, was: Content, now: Content, scene: Scene
    ) -> Said:
        content = now or was
        title = await self.title(about) or (known.title(content) if content else about.uid)
        people = sorted(known.concerned(content)) if known.concerned and content else []
        called = await self._called(people)
        details = scene.speech.details(content, lambda user: called[user], people)
        if about.room_id != scene.room_id and (room := await self._lookups.room(about.room_id)):
            details += scene.speech.words("in", room=room.name or room.room_id)
        kept = [] if deed.kind == "removed" else [about]
        said = scene.speech.said(deed.kind, kept, title=Title(title), details=details)
        asked = known.concerned(was) if known.concerned and was else ()
        fresh = tuple(user for user in people if user not in {*asked, self._homeserver.owner})
        # Who is asked for something is pinged, and notices ping nobody.
        return replace(said, mentions=fresh, notice=not fresh)

    async def title(self, about: About) -> str | None:
        """Return what an object is called, None where it is not there."""
        record = await self._lookups.object(about)
        return (record.title or record.uid) if record else None

    async def label(self, request: Request, scene: Scene) -> str:
        """Return what a request is called among others."""
        title = await self.title(request.about) if request.about else None
        if request.capability:
            command = self._twin.commands.capability(request.capability).command(request.command)
            return f"{command.summary}: {title}" if title else command.summary
        return title or scene.speech.words("gone")

    async def _called(self, people: Sequence[str]) -> Mapping[str, str]:
        """Return what people are called; nobody is asked about where there are none."""
        if not people:
            return {}
        members = await self._homeserver.members(await self._homeserver.joined_rooms())
        known = {each.user_id: each.displayname for each in members}
        return names([(user, known.get(user)) for user in people])


def question(asked: Question, scene: Scene) -> Said:
    """Return a question with numbers; what they stand for rides along."""
    shown = asked.fitting()
    head = scene.speech.said(asked.sentence, name=Title(asked.named))
    head = replace(head, topic=QUESTION)
    choices = [request.as_json() for _, request in shown]
    return scene.speech.listed(head, [label for label, _ in shown], choices=choices)


def _at(content: Content, series: str, scene: Scene) -> Content:
    """Return what a series is at one of its times, empty where it does not take place then."""
    zone = scene.speech.now.tzinfo
    found = occurrence_at(content, series, zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC"))
    return found.content if found else frozen({})


def _about(capability: Capability, arguments: Mapping[str, Any]) -> About | None:
    if "uid" not in arguments or "room_id" not in arguments:
        return None
    return About(arguments["room_id"], capability.event_type.type, arguments["uid"])
