"""A twin: the parts of the engine, put together and kept going."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from twin_module.core.capability import Capability
from twin_module.core.effects import Put
from twin_module.core.errors import BadJson, NotReady
from twin_module.core.layout import collection_room
from twin_module.core.ports import Homeserver
from twin_module.core.state import frozen
from twin_module.engine import sleeping, store
from twin_module.engine.agenda import Agenda
from twin_module.engine.app_passwords import AppPasswords
from twin_module.engine.asking import Asked
from twin_module.engine.attestations import Attestations
from twin_module.engine.backoff import Backoff
from twin_module.engine.books import Books
from twin_module.engine.chats import Chats
from twin_module.engine.circle_cards import CircleCards
from twin_module.engine.commands import Commands
from twin_module.engine.dav import Dav
from twin_module.engine.dav_reading import Reading
from twin_module.engine.dav_writing import Writing
from twin_module.engine.documents import Documents
from twin_module.engine.duties import Duties, Duty, never, soonest
from twin_module.engine.earlier import Earlier
from twin_module.engine.filling import Filling
from twin_module.engine.free_slots import FreeSlots
from twin_module.engine.history import History
from twin_module.engine.imports import Imports
from twin_module.engine.links import Links
from twin_module.engine.meetings import Meetings
from twin_module.engine.merger import Merger
from twin_module.engine.peers import Peers
from twin_module.engine.people import People
from twin_module.engine.projector import Projector
from twin_module.engine.proposals import Proposals
from twin_module.engine.published_files import PublishedFiles
from twin_module.engine.reconcile import Reconciler
from twin_module.engine.reminders import Reminders
from twin_module.engine.resting import Resting
from twin_module.engine.search_texts import SearchTexts
from twin_module.engine.settings import Settings
from twin_module.engine.statistics import Statistics
from twin_module.engine.store import Room
from twin_module.engine.subscriptions import Subscriptions
from twin_module.engine.until_quiet import UntilQuiet
from twin_module.engine.versions import Place
from twin_module.engine.voice import Voice
from twin_module.engine.waits import Waits
from twin_module.engine.widgets import Widgets
from twin_module.engine.writer import Writer
from twin_module.rooms.agenda import AGENDA

logger = logging.getLogger(__name__)

STARTING: Final = "The twin is starting; try again in a moment."
MINUTE: Final = 60_000
LOOK_MS: Final = 30_000
"""From one look whether another process had the tables read anew to the next."""
WHOLE_LOOK_MS: Final = 5 * MINUTE
"""From one look at everything to the next; nothing is known that needs it."""
AGAIN_MS: Final = 10 * MINUTE
"""When a twin that could not start, or find out what it has to do, is to be woken to try again."""
STREAM: Final = 10
"""So many objects that are followed in one turn are a stream."""
_TURN: Final = "turn"


class Twin:
    """Everything that one person's twin does on its server."""

    def __init__(
        self, homeserver: Homeserver, capabilities: Sequence[Capability], max_objects: int
    ) -> None:
        self.homeserver = homeserver
        self.capabilities = capabilities
        self.types = [event for capability in capabilities for event in capability.events]
        self.projector = Projector(homeserver, self.types)
        self.writer = Writer(homeserver, self.types, max_objects)
        self.settings = Settings(homeserver)
        self.reconciler = Reconciler(homeserver, self.settings, self.writer, self.types)
        self.peers = Peers(homeserver)
        self.documents = Documents(homeserver, self.writer, self.types, self.peers)
        self.writer.preparing = dict.fromkeys(self.documents.content.types, self.documents.prepared)
        self.merger = Merger(homeserver, self.writer, self.types, self.documents.merged)
        known = {each.type: each for each in self.types}
        self.history = History(homeserver, self.merger, known)
        self.earlier = Earlier(homeserver, self.writer, self.merger, self.history, known)
        self.proposals = Proposals(homeserver, self.projector, self.merger, self.history, known)
        self.attestations = Attestations(homeserver)
        self.people = People(homeserver)
        self.chats = Chats(homeserver)
        self.voice = Voice(homeserver, self.settings, self.writer)
        self.reminders = Reminders(homeserver, self.settings, self.voice)
        self.agenda = Agenda(homeserver, self.settings)
        self.free_slots = FreeSlots(homeserver, self.settings, self.peers, self.agenda)
        self.search_texts = SearchTexts(homeserver, self.writer)
        self.links = Links(homeserver, capabilities)
        self.published_files = PublishedFiles(homeserver, self.links)
        self.widgets = Widgets(homeserver, self.links)
        filling = Filling(homeserver, self.writer, self.types)
        self.imports = Imports(homeserver, filling, self.projector)
        self.subscriptions = Subscriptions(homeserver, filling, self.projector)
        self.commands = Commands(homeserver, self.writer, capabilities)
        self.app_passwords = AppPasswords(homeserver)
        self.dav = Dav(
            Books(homeserver, self.projector, self.writer, self.types, self.subscriptions.rooms),
            Reading(homeserver, self.settings, CircleCards(homeserver), self.types),
            Writing(homeserver, self.projector, self.writer, self.commands, self.types),
        )
        self.meetings = Meetings(
            homeserver,
            self.projector,
            self.writer,
            self.commands,
            AGENDA,
            self.subscriptions.rooms,
        )
        self.not_ready: str | None = STARTING
        self._waiting_for_start: list[Callable[[], None]] = []
        self._is_refused = False
        self._turns = UntilQuiet(homeserver, "twin_turn", self._turn)
        self._follows = UntilQuiet(homeserver, "twin_follow", self._follow)
        """What somebody waits for while a turn goes on, whose duties may wait for other servers."""
        self._resting = Resting(homeserver, self.wake)
        """Of all that a change brings with it, unless somebody looks."""
        self._news = True
        """Whether there may be something to be merged or written down."""
        self._failed: Backoff[str] = Backoff()
        """Whether the last turn failed, and so did those before."""
        self._seen_at = self._looked_at = self._looked_whole_at = 0
        self._listen()
        self._duties = self._own_duties()
        self.waits = self._own_waits()

    def _listen(self) -> None:
        self.peers.listen(self.documents.heard)
        self.projector.listen_to_rooms(self.reconciler.touch)
        self.projector.listen_to_rooms(self.peers.forget_servers)
        self.projector.listen_to_rooms(self.widgets.touch)
        self.projector.arrivals.listen(lambda _, messages, __: self.documents.receive(messages))
        self.projector.listen(self._note_news)
        self.projector.listen(self.reminders.note_news)
        self.projector.listen(self.meetings.touch)

    def _own_duties(self) -> Duties:
        with_news = [
            Duty(self.merger.settle, self.merger.due),
            Duty(self.projector.announce),
            Duty(self.documents.settle, self.documents.due, self.documents.alarm),
            Duty(self.search_texts.settle, self.search_texts.due, never),
            Duty(Statistics(self.homeserver, lambda: self.projector.written).settle),
        ]
        always = [
            Duty(self.reconciler.settle, self.reconciler.due),
            Duty(self.meetings.settle, self.meetings.due),
            Duty(self.subscriptions.settle, self.subscriptions.due),
            Duty(self.reminders.settle, self.reminders.due, self.reminders.alarm),
            Duty(self.widgets.settle, self.widgets.due, never),
            Duty(self.voice.settle_invitations, self.voice.due, self.voice.alarm),
            Duty(self.voice.ensure_chat),
        ]
        return Duties(with_news, always)

    def _own_waits(self) -> Waits:
        waits = Waits(self.homeserver)
        waits.add("reconciler", self.reconciler.later, str)
        waits.add("merger", self.merger.later, Place)
        waits.add("documents", self.documents.later, Place)
        waits.add("asking", self.meetings.asking.later, Asked)
        waits.add("voice", self.voice.failed, str)
        waits.add("voice rooms", self.voice.rooms.later, str)
        return waits

    async def start(self) -> None:
        """Make what is missing and read what happened meanwhile; may be called again after a failure."""
        await self.homeserver.transact("twin_migrate", store.migrate)
        await self.waits.read()
        all_was_done = await self.homeserver.transact("twin_settled", sleeping.take_settled)
        await self.reconciler.ensure_index()
        await self.projector.catch_up()
        await self.voice.look()
        self._say(None)
        if not all_was_done:
            await self.reconciler.touch_all()
        self.wake()

    def add_duty(
        self,
        settle: Callable[[], Awaitable[None]],
        due: Callable[[], int | None] = never,
        alarm: Callable[[], int | None] | None = None,
    ) -> None:
        """Do something at each turn, after everything else, see `Duty`; it deals with its own errors."""
        self._duties.always.append(Duty(settle, due, alarm))

    # Following what changes

    def wake(self) -> None:
        """Follow what changed, soon; called at every change, and it costs nothing to call it often."""
        self.chats.note_news()
        if self._duties.are_over() or self._puts_off():
            return
        if self._turns.goes_on and self._is_looked_at():
            self._follows.ask()
        self._turns.ask()

    def _puts_off(self) -> bool:
        """Tell whether all that is to be done waits for the end of a rest."""
        return not self._is_looked_at() and self._resting.holds()

    def _is_looked_at(self) -> bool:
        return self.projector.is_watched or self.documents.is_open()

    async def follow(self) -> None:
        """Have the tables show what nobody follows just now, for somebody who looks at them."""
        if self._resting.is_planned() or self._duties.are_under_way:
            await self._follow()

    async def _follow(self) -> None:
        try:
            await self.projector.catch_up()
        except Exception:
            if self._duties.are_over():
                return
            # They show what they have; the next turn tries again.
            logger.exception("The twin could not follow what changed before it was looked at")

    def look(self) -> None:
        """Do what is due, if anything is; called every few seconds, and costs next to nothing."""
        now, before = self.homeserver.now(), self._seen_at
        if self.not_ready is not None:
            return
        if self._turns.goes_on:
            self._duties.say_what_is_slow(now)
            return
        self._seen_at = now
        # A clock that was put back makes all times wrong that are known.
        if now < before or now >= self._looked_whole_at + WHOLE_LOOK_MS:
            self.homeserver.background("twin_look", self.look_again)
            return
        if now >= self._looked_at + LOOK_MS:
            self._looked_at = now
            self.homeserver.background("twin_look", self._look_at_position)
        due = self.due()
        if due is not None and due <= now:
            self._news = True
            self.wake()

    def due(self) -> int | None:
        """Return when a turn has something to do without news, in milliseconds since 1970."""
        if self._news or self._failed.all():
            return 0
        return self._duties.due()

    async def look_again(self) -> None:
        """Follow what changed, and do what is due again, without trust in what is known of it."""
        self._looked_at = self._looked_whole_at = self.homeserver.now()
        self.projector.forget_position()
        self._news = True
        self.wake()

    async def _look_at_position(self) -> None:
        """Follow what changed, if nobody said so."""
        try:
            is_known = await self.projector.is_at_end()
        except Exception:
            logger.exception("The twin could not find out how far it has read, trying again")
            return
        if not is_known:
            await self.look_again()

    def _note_news(self, rooms: frozenset[str]) -> None:
        self._news = True

    async def _turn(self) -> None:
        if self.not_ready is not None or self._duties.are_over():
            return
        try:
            if self._resting.holds():
                if self._is_looked_at():
                    await self.projector.catch_up()
                return
            written = self.projector.written
            await self.projector.catch_up()
            is_stream = self.projector.written - written >= STREAM
            began = self.homeserver.now()
            news, self._news = self._news, False
            await self._duties.settle(news=news)
            self._failed.done(_TURN)
            await self.waits.keep()
            self._resting.note(began, is_stream=is_stream)
        except Exception:
            if self._duties.are_over():
                return  # what was under way is cut off, and found again by the next start
            self._news = True
            self._failed.postpone(_TURN, self.homeserver.now())
            # The timer asks again; nothing depends on this turn having gone well.
            logger.exception("The twin could not follow what changed, trying again")

    def stop(self) -> None:
        """Plan and begin nothing any more; the server stops."""
        self._duties.stop()
        self._resting.stop()
        self.reminders.stop()

    # Sleeping

    def busy(self) -> str | None:
        """Return what would be cut off if the twin were stopped now, in a few words."""
        if self.documents.is_open():
            return "a document is open"
        if self.peers.remembers_calls():
            return "another twin called a moment ago, which is not to be answered twice"
        if self._resting.is_planned():
            return sleeping.WORK["twin_turn"]
        return sleeping.work_in_words(self.homeserver)

    async def next_alarm(self) -> int | None:
        """Return when the twin has to be awake for its own sake, in milliseconds since 1970.

        It may be over already. None means that it may sleep until somebody wants something of it.
        """
        if self._is_refused:
            return None
        again = self.homeserver.now() + AGAIN_MS
        if self.not_ready is not None:
            return again
        try:
            await self.waits.keep()
            await self.subscriptions.look_up()
            if self.reconciler.is_settled():
                await self.homeserver.transact("twin_settled", sleeping.note_settled)
        except Exception:
            logger.exception("The twin could not find out when it has to be awake, trying again")
            return again
        return soonest(self._failed.next(), self._duties.wakes())

    # What may be written by any client

    async def refuse_misfit(
        self, room_id: str, event_type: str, state_key: str, content: object
    ) -> None:
        """Refuse a state event of ours that can't be written here.

        Args:
            room_id: empty for a room that is just being made.
            event_type: of ours.
            state_key: of the event.
            content: of the event.

        Raises:
            BadJson, RoomFull: say what does not fit.
        """
        if not isinstance(content, dict):
            raise BadJson("The content has to be a JSON object.")
        if content:
            self.writer.check_as_it_is(event_type, state_key, content)
        if room_id:
            await self.writer.space.check_room(room_id, [Put(event_type, state_key, frozen({}))])

    # Being there

    def when_started(self, function: Callable[[], None]) -> Callable[[], None]:
        """Call a function once, as soon as the start has ended, well or not; at once if it has.

        Returns what makes it be called no more.
        """
        if self.not_ready != STARTING:
            function()
        else:
            self._waiting_for_start.append(function)

        def forget() -> None:
            if function in self._waiting_for_start:
                self._waiting_for_start.remove(function)

        return forget

    def check_ready(self) -> None:
        """Refuse to serve before the twin has started.

        Raises:
            NotReady: says why.
        """
        if self.not_ready is not None:
            raise NotReady(self.not_ready)

    async def make_collection(self, name: str, topic: str = "") -> str:
        """Make a collection, which the tables have when this returns, and return its room ID."""
        room_id = await self.homeserver.create_room(collection_room(name, topic))
        await self.projector.catch_up()
        return room_id

    async def joined_room(self, room_id: str) -> Room:
        """Return a room that the twin is in.

        Raises:
            NotFound: it is in no such room.
        """
        return await self.homeserver.transact(
            "twin_room", lambda cursor: store.joined_room(cursor, room_id)
        )

    def refuse(self, reason: str) -> None:
        """Serve nobody, for a reason that a person has to mend."""
        self._is_refused = True
        self.put_off(reason)
        logger.error("%s", reason)

    def put_off(self, reason: str) -> None:
        """Serve nobody until a start goes well."""
        self._say(reason)

    def _say(self, not_ready: str | None) -> None:
        self.not_ready = not_ready
        waiting, self._waiting_for_start = self._waiting_for_start, []
        for function in waiting:
            function()
