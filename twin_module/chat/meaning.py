"""What a request means: whom and what its names stand for, which object, and where."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from twin_module.chat.language import names
from twin_module.chat.language.forms import acts_in_room
from twin_module.chat.language.names import Name
from twin_module.chat.lookups import Lookups, candidates
from twin_module.chat.request import Question, Request, labels, of_object, untagged
from twin_module.chat.scene import Scene
from twin_module.chat.speech import Title
from twin_module.core.capability import Capability, Command
from twin_module.core.layout import Kind
from twin_module.core.state import NAMESPACE
from twin_module.core.voice import About, Said
from twin_module.engine.kept_records import KeptRecords
from twin_module.engine.store import Record
from twin_module.engine.twin import Twin

KEPT: Final = f"{NAMESPACE}.companion"


class Unclear(Exception):
    """The owner has to say what is meant."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.sentence)
        self.question = question


class Unknown(Exception):
    """Nothing is called like that."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.body)
        self.said = said


class Meaning:
    """Decides what is open in a request, as far as the twin can."""

    def __init__(self, twin: Twin, lookups: Lookups) -> None:
        self._twin = twin
        self._homeserver = twin.homeserver
        self._lookups = lookups
        self._usual = KeptRecords(twin.homeserver, KEPT, "rooms")

    async def decide(
        self, request: Request, capability: Capability, command: Command, scene: Scene
    ) -> Request:
        """Return a request of which nothing is open any more.

        Raises:
            Unclear: it may mean several things.
            Unknown: something that it names is not there.
        """
        request = await self._with_names(request, capability, scene)
        request = await self._with_object(request, capability, command, scene)
        return await self._with_room(request, capability, command, scene)

    async def names_nothing(self, request: Request, scene: Scene) -> bool:
        """Tell whether something that a request names is not there."""
        capability = self._twin.commands.capability(request.capability)
        try:
            await self._with_names(request, capability, scene)
            await self._with_object(request, capability, capability.command(request.command), scene)
        except Unknown:
            return True
        except Unclear:
            return False
        return False

    async def _with_names(self, request: Request, capability: Capability, scene: Scene) -> Request:
        for key, wanted in request.names.items():
            found: list[Any] = list(request.arguments.get(key, ()))
            for number in range(len(wanted)):
                one = await self._one(request, key, wanted[number:], found, capability, scene)
                found.append(one)
            request = request.having(**{key: found if wanted[0].many else found[0]})
        return request

    async def _one(
        self,
        request: Request,
        key: str,
        waiting: Sequence[Name],
        found: Sequence[Any],
        capability: Capability,
        scene: Scene,
    ) -> str:
        """Return the ID that a name means.

        Raises:
            Unclear: it may be several.
            Unknown: there is none.
        """
        name = waiting[0]
        meant = names.pick(name.text, await self._lookups.candidates(name.kind, capability))
        if not meant:
            raise Unknown(scene.speech.said(f"no-{name.kind}", name=Title(name.text)))
        if len(meant) > 1:
            choices = []
            for label, each in zip(labels(meant), meant, strict=True):
                rest = {key: (replace(name, text=each.id), *waiting[1:])}
                chosen = replace(
                    request,
                    arguments={**request.arguments, **({key: list(found)} if found else {})},
                    names={**request.names, **rest},
                )
                choices.append((label, chosen))
            raise Unclear(Question("which", name.text, choices))
        return meant[0].id

    async def _with_object(
        self, request: Request, capability: Capability, command: Command, scene: Scene
    ) -> Request:
        if "uid" not in command.required or "uid" in request.arguments:
            return request
        words = request.object
        if not words:
            raise Unknown(scene.speech.said("say-which"))
        types, room_id = [capability.event_type.type], request.room_id
        if room_id is None and scene.is_collection:
            room_id = scene.room_id
        found = await self._lookups.objects(words, types, room_id)
        meant = names.pick(words, [each for _, each in found])
        records = [record for record, each in found if each in meant]
        if not records and len(found) == 1:
            records = [found[0][0]]
        if not records:
            raise Unknown(scene.speech.said("no-object", name=Title(words)))
        choices = [of_object(request, About(each.room_id, each.type, each.uid)) for each in records]
        if len(choices) > 1:
            shown = [await self._placed_title(each, scene) for each in records]
            raise Unclear(Question("which", words, list(zip(shown, choices, strict=True))))
        return choices[0]

    async def _placed_title(self, record: Record, scene: Scene) -> str:
        room = await self._lookups.room(record.room_id)
        details = scene.speech.details(record.event().content, str, ())
        return f"{record.title or record.uid}{details} ({room.name if room else record.room_id})"

    async def _with_room(
        self, request: Request, capability: Capability, command: Command, scene: Scene
    ) -> Request:
        if not command.in_room or request.room_id is not None:
            return request
        is_circle = scene.room is not None and scene.room.kind == Kind.CIRCLE.value
        if acts_in_room(capability, command) and not is_circle:
            raise Unknown(scene.speech.said("say-which"))
        rooms = await self._lookups.writable()
        for tag in request.tags:
            named = names.pick(tag, candidates(rooms))
            if scene.in_chat and len(named) == 1:
                return untagged(request, tag).having(room_id=named[0].id)
        if not scene.in_chat:
            return request.having(room_id=scene.room_id)
        usual = (await self._usual.read()).get(capability.name)
        if usual in {room.room_id for room in rooms}:
            return request.having(room_id=usual)
        if len(rooms) > 1:
            choices = [
                (label, request.having(room_id=each.id))
                for label, each in zip(labels(candidates(rooms)), candidates(rooms), strict=True)
            ]
            raise Unclear(Question("where", "", choices))
        if rooms:
            return request.having(room_id=rooms[0].room_id)
        name = scene.speech.words("first-room")
        return request.having(room_id=await self._twin.make_collection(name))

    async def remember(self, capability: Capability, room_id: str) -> None:
        """Note where new objects of a capability go when nothing is said of that."""
        async with self._homeserver.lock(KEPT):
            usual = await self._usual.read()
            if usual.get(capability.name) != room_id:
                await self._usual.write({**usual, capability.name: room_id})
