"""Ordinary state events of one sender, written as one chain: the fast way into Synapse.

Synapse writes an event with some forty transactions, most of which find out what the event before
has found out already. Events that follow each other, and of which none says who may do what, need
that once: all have the same auth events, each is checked by the same rules, their state groups are
stored together and so are they. What Synapse does with written events (push, notification,
federation, workers that read) it does by itself, in its own functions.

Whatever is not as ordinary as that goes the ordinary way: `append` returns None, and has done nothing.
"""

import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import attr
from synapse.api.constants import EventTypes
from synapse.api.room_versions import RoomVersion
from synapse.event_auth import (
    check_state_dependent_auth_rules,
    check_state_independent_auth_rules,
    validate_event_for_room_version,
)
from synapse.events import EventBase
from synapse.events.builder import EventBuilder
from synapse.events.snapshot import EventContext, EventPersistencePair, UnpersistedEventContext
from synapse.handlers.message import EventCreationHandler
from synapse.handlers.worker_lock import NEW_EVENT_DURING_PURGE_LOCK_NAME
from synapse.module_api import ModuleApi
from synapse.module_api.callbacks import ModuleApiCallbacks
from synapse.storage.databases import Databases
from synapse.storage.databases.main import DataStore
from synapse.storage.databases.state import store as state_store
from synapse.types import StateMap, create_requester
from synapse.types.state import StateFilter

from twin_module.core.effects import Put
from twin_module.core.errors import Overtaken
from twin_module.core.ports import Cursor
from twin_module.core.state import Key, plain

logger = logging.getLogger(__name__)

MOST: Final = 100
"""How many events one chain has. Synapse persists that many at once."""
_MATRIX: Final = "m."
_CREATE: Final = (EventTypes.Create, "")
_LEVELS: Final = (EventTypes.PowerLevels, "")
_UNPERSISTED: Final = (
    "storage",
    "state_group_before_event",
    "state_group_after_event",
    "state_delta_due_to_event",
    "prev_group_for_state_group_before_event",
    "delta_ids_to_state_group_before_event",
    "partial_state",
)


def event_dict(room_id: str, put: Put, sender: str) -> dict[str, Any]:
    """Return what Synapse makes an event of."""
    return {
        "room_id": room_id,
        "type": put.type,
        "state_key": put.state_key,
        "sender": sender,
        "content": plain(put.content),
    }


class Chain:
    """Writes a sender's ordinary state events, many in about the time of one."""

    def __init__(self, api: ModuleApi, sender: str) -> None:
        self._hs = api._hs
        self._sender = sender
        self._requester = create_requester(sender, authenticated_entity=self._hs.hostname)
        self._store = self._hs.get_datastores().main
        self._is_known: bool | None = None
        """Whether this Synapse is as it is expected here; None until that was looked at."""

    async def append(
        self, room_id: str, puts: Sequence[Put], replacing: Mapping[Key, str | None]
    ) -> Sequence[EventBase] | None:
        """Write state events of different keys, all or none, one following the other.

        Returns:
            The events, in which those that were current already stand as they are; None when they
            have to be written in the ordinary way.

        Raises:
            Overtaken: what is current is not what is to be replaced.
            SynapseError: Synapse refuses one of them, as it would in the ordinary way.
        """
        if not (_are_ordinary(puts) and self.serves(room_id)):
            return None
        locks = self._hs.get_worker_locks_handler()
        async with locks.acquire_read_write_lock(
            NEW_EVENT_DURING_PURGE_LOCK_NAME, room_id, write=False
        ):
            start = await self._start(room_id, [put.key for put in puts])
            if start is None:
                return None
            version = await self._store.get_room_version(room_id)
            if getattr(version, "msc4242_state_dags", False):
                return None
            _check_replaced(start.current, replacing)
            links = await self._links(room_id, version, start, puts)
            new = [each for each in links if not each.internal_metadata.stream_ordering]
            if new:
                await self._check(new)
                await self._write(room_id, start, new)
            return links

    # Whether it can be written so

    def serves(self, room_id: str) -> bool:
        """Tell whether ordinary events can be written so to a room."""
        creation = self._hs.get_event_creation_handler()
        callbacks = self._hs.get_module_api_callbacks()
        if self._is_known is None:
            self._is_known = is_as_expected(creation, callbacks, self._hs.get_datastores())
            if not self._is_known:
                logger.warning(
                    "This release of Synapse writes events in a way that is not known; writing is slower"
                )
        return (
            self._is_known
            # Another process may be the one to write, and other modules want to see each event.
            and creation._events_shard_config.get_instance(room_id) == creation._instance_name
            and not callbacks.third_party_event_rules._check_event_allowed_callbacks
            and len(callbacks.spam_checker._check_event_for_spam_callbacks) <= 1
            and not self._hs.config.consent.block_events_without_consent_error
        )

    async def _start(self, room_id: str, keys: Sequence[Key]) -> "_Start | None":
        """Read, at one moment, what the first event is to follow and what is current there."""
        auth = (_CREATE, _LEVELS, (EventTypes.Member, self._sender))

        def work(cursor: Cursor) -> _Start | None:
            cursor.execute(_NEWEST, (room_id, 2))
            newest = cursor.fetchall()
            cursor.execute("SELECT 1 FROM partial_state_rooms WHERE room_id = ?", (room_id,))
            if len(newest) != 1 or cursor.fetchone() is not None:
                return None
            [(event_id, depth, group)] = newest
            return _Start(event_id, depth, group, _current(cursor, room_id, [*auth, *keys]))

        start: _Start | None = await self._store.db_pool.runInteraction("twin_chain_start", work)
        is_whole = start is not None and all(key in start.current for key in auth)
        return start if is_whole else None

    # Making events

    async def _links(
        self, room_id: str, version: RoomVersion, start: "_Start", puts: Sequence[Put]
    ) -> Sequence[EventBase]:
        creation = self._hs.get_event_creation_handler()
        await creation.auth_blocking.check_auth_blocking(requester=self._requester)
        current = await self._store.get_events(
            [start.current[key] for put in puts if (key := put.key) in start.current]
        )
        newest, depth = start.event_id, start.depth
        links = []
        for put in puts:
            replaced = start.current.get(put.key)
            made = event_dict(room_id, put, self._sender)
            before = current.get(replaced or "")
            if before is not None and _is_same(before, self._sender, made["content"]):
                links.append(before)
                continue
            builder = creation.event_builder_factory.for_room_version(version, made)
            creation.validator.validate_builder(builder)
            auth_ids = self._hs.get_event_auth_handler().compute_auth_events(builder, start.current)
            event = await builder.build(
                prev_event_ids=[newest], auth_event_ids=list(auth_ids), depth=depth + 1
            )
            if replaced:
                event.unsigned["replaces_state"] = replaced
            creation.validator.validate_new(event, self._hs.config)
            newest, depth = event.event_id, event.depth
            links.append(event)
        return links

    async def _check(self, events: Sequence[EventBase]) -> None:
        """Check what is allowed as Synapse does, with auth events that are looked up once."""
        await check_state_independent_auth_rules(self._store, events[0])
        auth = list((await self._store.get_events(events[0].auth_event_ids())).values())
        for event in events:
            validate_event_for_room_version(event)
            check_state_dependent_auth_rules(event, auth)

    # Writing them

    async def _write(self, room_id: str, start: "_Start", events: Sequence[EventBase]) -> None:
        storage = self._hs.get_storage_controllers()
        unpersisted = [
            (
                event,
                UnpersistedEventContext(
                    storage=storage,
                    state_group_before_event=start.state_group,
                    state_group_after_event=None,
                    state_delta_due_to_event={(event.type, event.state_key): event.event_id},
                    prev_group_for_state_group_before_event=None,
                    delta_ids_to_state_group_before_event=None,
                    partial_state=False,
                ),
            )
            for event in events
        ]
        pairs: list[EventPersistencePair] = []
        if unpersisted[:-1]:
            pairs = await UnpersistedEventContext.batch_persist_unpersisted_contexts(
                list(unpersisted[:-1]), room_id, start.state_group, self._hs.get_datastores().state
            )
        # The last one alone: that also ends a long chain of state groups by a whole one.
        last, context = unpersisted[-1]
        context.state_group_before_event = pairs[-1][1].state_group if pairs else start.state_group
        pairs.append((last, await context.persist(last)))
        self._spare_questions(pairs)
        creation = self._hs.get_event_creation_handler()
        store: Any = self._store
        told = set(await store.get_local_users_in_room(room_id)) - {self._sender}
        # What is found out for push is for nobody where only the sender is in the room.
        write = creation._persist_events if told else creation.persist_and_notify_client_events
        await write(
            requester=self._requester,
            events_and_context=_with_known_state(storage, start, pairs),
            ratelimit=False,
        )

    def _spare_questions(self, pairs: Sequence[EventPersistencePair]) -> None:
        """Fill the caches of which Synapse asks, for each event by itself, which servers are in the room."""
        for event, _ in pairs:
            self._store.is_partial_state_event.prefill((event.event_id,), False)
        delta_of = self._hs.get_datastores().state.get_state_group_delta
        for _, context in pairs[:-1]:  # The last one may have a whole group of its own.
            delta = state_store._GetStateGroupDelta(
                context.state_group_before_event, context._state_delta_due_to_event
            )
            delta_of.prefill((context.state_group,), delta)


@dataclass(frozen=True, slots=True)
class _Start:
    """The newest event of a room, and what of the state after it has to be known."""

    event_id: str
    depth: int
    state_group: int
    current: StateMap[str]


@attr.s(slots=True, auto_attribs=True)
class _Link(EventContext):
    """Knows the state before its event where the chain began, without asking the database."""

    known: StateMap[str] = attr.Factory(dict)

    async def get_prev_state_ids(self, state_filter: StateFilter | None = None) -> StateMap[str]:
        """Return the state before the event."""
        if state_filter is not None and not state_filter.has_wildcards():
            asked = state_filter.concrete_types()
            # Nothing of the chain is among what tells who may do what.
            if all(key in self.known for key in asked):
                return {key: self.known[key] for key in asked}
        return await super().get_prev_state_ids(state_filter)


_NEWEST: Final = """SELECT e.event_id, e.depth, g.state_group FROM event_forward_extremities f
    JOIN events e ON e.event_id = f.event_id JOIN event_to_state_groups g ON g.event_id = e.event_id
    WHERE f.room_id = ? LIMIT ?"""


def _current(cursor: Cursor, room_id: str, keys: Sequence[Key]) -> StateMap[str]:
    by_type: dict[str, list[str]] = {}
    for event_type, state_key in keys:
        by_type.setdefault(event_type, []).append(state_key)
    found: dict[Key, str] = {}
    for event_type, state_keys in by_type.items():
        marks = ", ".join("?" * len(state_keys))
        cursor.execute(
            "SELECT state_key, event_id FROM current_state_events"
            f" WHERE room_id = ? AND type = ? AND state_key IN ({marks})",
            (room_id, event_type, *state_keys),
        )
        found.update(((event_type, row[0]), row[1]) for row in cursor.fetchall())
    return found


def is_as_expected(
    creation: EventCreationHandler, callbacks: ModuleApiCallbacks, stores: Databases[DataStore]
) -> bool:
    """Tell whether all that is used here of Synapse, and not promised by it, is there."""
    written = ("requester", "events_and_context", "ratelimit")
    pairs = ("events_and_context", "room_id", "last_known_state_group", "datastore")
    groups = ("state_group_before_event", "state_group_deltas", "_state_delta_due_to_event")
    try:
        return (
            _takes(creation._persist_events, *written)
            and _takes(creation.persist_and_notify_client_events, *written)
            and _takes(creation.validator.validate_builder, "event")
            and _takes(creation.validator.validate_new, "event", "config")
            and _takes(
                creation.event_builder_factory.for_room_version, "room_version", "key_values"
            )
            and _takes(EventBuilder.build, "self", "prev_event_ids", "auth_event_ids", "depth")
            and _takes(UnpersistedEventContext.batch_persist_unpersisted_contexts, *pairs)
            and _takes(UnpersistedEventContext.persist, "self", "event")
            and _takes(UnpersistedEventContext, *_UNPERSISTED)
            and _takes(EventContext.get_prev_state_ids, "self", "state_filter")
            and {each.name for each in attr.fields(EventContext)}.issuperset(groups)
            and _takes(state_store._GetStateGroupDelta, "prev_group", "delta_ids")
            and _takes(stores.main.is_partial_state_event.prefill, "key", "val")
            and _takes(stores.state.get_state_group_delta.prefill, "key", "val")
            and hasattr(stores.main, "get_local_users_in_room")
            and _takes(check_state_independent_auth_rules, "store", "event")
            and _takes(check_state_dependent_auth_rules, "event", "auth_events")
            and _takes(validate_event_for_room_version, "event")
            and _has(creation, "_events_shard_config", "_instance_name", "auth_blocking")
            and _has(callbacks.third_party_event_rules, "_check_event_allowed_callbacks")
            and _has(callbacks.spam_checker, "_check_event_for_spam_callbacks")
        )
    except AttributeError:
        return False


def _takes(function: Callable[..., Any], *names: str) -> bool:
    """Tell whether a function can be called with these parameters and no others."""
    parameters = inspect.signature(function).parameters
    needed = {name for name, each in parameters.items() if each.default is each.empty}
    return needed <= set(names) <= set(parameters)


def _has(what: object, *names: str) -> bool:
    return all(hasattr(what, name) for name in names)


def _are_ordinary(puts: Sequence[Put]) -> bool:
    return len(puts) == len({put.key for put in puts}) <= MOST and all(
        put.is_ordinary and "m.relates_to" not in put.content for put in puts
    )


def _check_replaced(current: StateMap[str], replacing: Mapping[Key, str | None]) -> None:
    for key, event_id in replacing.items():
        if current.get(key) != event_id:
            raise Overtaken.at(*key)


def _is_same(before: EventBase, sender: str, content: Mapping[str, Any]) -> bool:
    return before.sender == sender and before.get_dict()["content"] == content


def _with_known_state(
    storage: Any, start: _Start, pairs: Sequence[EventPersistencePair]
) -> list[EventPersistencePair]:
    """Add what Synapse would have to look up: who may do what, and all that the chain changes."""
    known = {key: start.current[key] for key in start.current if key[0].startswith(_MATRIX)}
    links: list[EventPersistencePair] = [
        (
            event,
            _Link(
                storage=storage,
                state_group=context.state_group,
                state_group_before_event=context.state_group_before_event,
                state_delta_due_to_event=context._state_delta_due_to_event,
                state_group_deltas=dict(context.state_group_deltas),
                known=known,
            ),
        )
        for event, context in pairs
    ]
    last = links[-1][1]
    last.state_group_deltas[start.state_group, last.state_group] = {  # type: ignore[index]
        (event.type, event.state_key): event.event_id for event, _ in pairs
    }
    return links
