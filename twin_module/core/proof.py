"""Proofs of objects: whether a bundle proves what it says, with nothing but the bundle.

A bundle holds an event as its server signed it, the key documents of that server and, for a
merge, the versions that were merged. `docs/proofs.md` describes it so that others can write a
verifier. Bundles come from strangers: nothing here raises, whatever they hold.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from unpaddedbase64 import encode_base64

from twin_module.core.canonical import canonical_problem, moment, quoted, shown
from twin_module.core.keys import (
    KnownKeys,
    Signed,
    decoded,
    key_in_words,
    known_keys,
    verify_with,
    whose_keys,
)
from twin_module.core.matrix_uri import is_user_id
from twin_module.core.pdu import (
    MAX_PDU_BYTES,
    ROOM_VERSIONS,
    UNSIGNED,
    Rules,
    content_hash,
    event_id_of,
    redacted,
)
from twin_module.core.state import NAMESPACE
from twin_module.core.verdict import Verdict, refused

FORMAT: Final = f"{NAMESPACE}.proof.v1"
MAX_BUNDLE_BYTES: Final = 8 * 1024 * 1024
MAX_PARENTS: Final = 50
HASH_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class _Event:
    """An event of which everything fits."""

    event_id: str
    pdu: Mapping[str, Any]
    room_id: str
    server: str
    signed: Signed

    @property
    def key(self) -> tuple[str, Any, Any]:
        """What all versions of one object have in common."""
        return self.room_id, self.pdu["type"], self.pdu["state_key"]

    @property
    def author(self) -> str:
        """Whose event it is: a Matrix ID, which can't be mistaken for anything else."""
        return str(self.pdu["sender"])


class Keys:
    """Keys by server; those of each server are read once, however much it signed."""

    def __init__(self, documents: Mapping[str, Any]) -> None:
        """Take key documents by server name, as strangers sent them."""
        self._documents = documents
        self._known: dict[str, KnownKeys] = {}

    def of(self, server: str) -> KnownKeys:
        """Return the keys of one server."""
        if server not in self._known:
            self._known[server] = known_keys(self._documents.get(server), server)
        return self._known[server]

    def learn(self, known: KnownKeys) -> None:
        """Take the keys of one server that were read already."""
        self._known[known.server] = known


Signers: TypeAlias = frozenset[tuple[str, Signed]]
"""Servers, each with a key that it signed with."""


def verify(bundle: Any) -> Verdict:
    """Say what a bundle proves, and what not.

    Args:
        bundle: parsed JSON, or anything else, which proves nothing.
    """
    problem = _shape_problem(bundle)
    if problem:
        return refused(problem)
    verdict, _ = _judged(bundle, Keys(bundle["keys"]))
    return verdict


def verify_among(bundle: Any, keys: Keys) -> tuple[Verdict, Signers]:
    """Say what one of many bundles proves whose keys stand beside them, and who signed it.

    Args:
        bundle: as `verify` takes it; the keys in it count for nothing.
        keys: of everybody.
    """
    problem = _shape_problem({**bundle, "keys": {}} if isinstance(bundle, dict) else bundle)
    return (refused(problem), frozenset()) if problem else _judged(bundle, keys)


def verify_room(room_id: str, bundle: Any, keys: Keys) -> tuple[str, ...]:
    """Return why an event does not prove who made a room, nothing where it does.

    Args:
        room_id: the room.
        bundle: the room's create event as a bundle; the keys in it count for nothing.
        keys: of everybody.
    """
    problem = _shape_problem({**bundle, "keys": {}} if isinstance(bundle, dict) else bundle)
    if problem:
        return (problem,)
    rules = ROOM_VERSIONS[bundle["room_version"]]
    what = "The room's create event"
    create, problems = _checked(what, bundle, rules, keys)
    if create is not None:
        problems += _create_problems(create, room_id, bundle["room_version"])
    return tuple(problems)


def _judged(bundle: Mapping[str, Any], keys: Keys) -> tuple[Verdict, Signers]:
    rules = ROOM_VERSIONS[bundle["room_version"]]
    event, problems = _checked("The event", bundle, rules, keys)
    if event is None:
        return refused(*problems), frozenset()
    parents, problems = _checked_parents(event, bundle.get("parents", []), rules, keys)
    create = None
    if "create" in bundle:
        create, more = _checked_create(event, bundle, rules, keys)
        problems += more
    if problems:
        return refused(*problems), frozenset()
    everything = [event, *parents, *([create] if create else [])]
    verdict = Verdict(
        says=tuple(_says(event, parents, create)),
        not_proven=tuple(_not_proven(event, everything)),
        content=event.pdu["content"],
    )
    return verdict, frozenset((each.server, each.signed) for each in everything)


def _shape_problem(bundle: Any) -> str | None:
    if not isinstance(bundle, dict):
        return "A proof has to be a JSON object."
    problem = canonical_problem(bundle, MAX_BUNDLE_BYTES)
    if problem:
        return f"The file {problem}."
    if bundle.get("format") != FORMAT:
        return f"The file does not say that it is a proof: its format has to be {FORMAT}."
    version = bundle.get("room_version")
    if not isinstance(version, str) or version not in ROOM_VERSIONS:
        return f"Events of the room version {shown(str(version))} can't be checked; those of 4 to 12 can."
    keys, parents = bundle.get("keys"), bundle.get("parents", [])
    if not isinstance(keys, dict) or not isinstance(parents, list) or len(parents) > MAX_PARENTS:
        return f"It needs keys by server name, and parents in a list of at most {MAX_PARENTS}."
    return None


# One event


def _checked(what: str, entry: Any, rules: Rules, keys: Keys) -> tuple[_Event | None, list[str]]:
    """Return the event of an entry `{event_id, event}` if everything fits, and what does not."""
    if not isinstance(entry, dict):
        return None, [f"{what} has to be an object with event_id and event."]
    event_id, pdu = entry.get("event_id"), entry.get("event")
    problem = _form_problem(pdu)
    if problem is None and not isinstance(event_id, str):
        problem = "has no event_id"
    if problem or not isinstance(event_id, str) or not isinstance(pdu, dict):
        return None, [f"{what} {problem}."]
    problems = []
    if event_id_of(pdu, rules) != event_id:
        problems.append(
            f"{what} is not {shown(event_id)}: the hash that makes an event's ID is another one."
        )
    if not _content_fits(pdu):
        problems.append(
            f"{what} was redacted: what it said was taken out, and nothing can be proved of that."
            if redacted(pdu, rules) == pdu
            else f"{what} does not fit its own hash: what it says was changed."
        )
    server = pdu["sender"].partition(":")[2]
    signed = verify_with(redacted(pdu, rules), keys.of(server), pdu["origin_server_ts"])
    problems.extend(f"{what}: {problem}" for problem in signed.problems)
    room_id = pdu.get("room_id")
    if rules.room_id_is_hash and (pdu["type"], pdu["state_key"]) == ("m.room.create", ""):
        room_id = f"!{event_id[1:]}"
    if not isinstance(room_id, str):
        problems.append(f"{what} has no room_id.")
    if problems or not isinstance(room_id, str):
        return None, problems
    return _Event(event_id, pdu, room_id, server, signed), []


_FIELDS: Final[Mapping[str, type]] = {
    "sender": str,
    "type": str,
    "state_key": str,
    "origin_server_ts": int,
    "content": dict,
}


def _form_problem(pdu: Any) -> str | None:
    if not isinstance(pdu, dict):
        return "is missing"
    added = [key for key in UNSIGNED if key in pdu]
    if added:
        return f"has the field {added[0]}, which nobody signs"
    for field, kind in _FIELDS.items():
        if type(pdu.get(field)) is not kind:
            return f"has no {field}"
    if not is_user_id(pdu["sender"]):
        return "has a sender that is no Matrix ID"
    if pdu["origin_server_ts"] < 0:
        return "is from before 1970"
    return canonical_problem(pdu, MAX_PDU_BYTES)


def _content_fits(pdu: Mapping[str, Any]) -> bool:
    hashes = pdu.get("hashes")
    said = decoded(hashes.get("sha256"), HASH_BYTES) if isinstance(hashes, dict) else None
    return said is not None and encode_base64(said) == content_hash(pdu)


# What stands around it


def named_parents(content: Mapping[str, Any]) -> tuple[str | None, list[str]]:
    """Return the version that a content says it was made on, and those that it merged into that."""
    ours = content.get(NAMESPACE)
    if not isinstance(ours, Mapping):
        return None, []
    base, merged = ours.get("base"), ours.get("merged")
    several = merged if isinstance(merged, list | tuple) else []
    return (
        base if isinstance(base, str) else None,
        list(dict.fromkeys(each for each in several if isinstance(each, str))),
    )


def merge_parents(content: Mapping[str, Any]) -> list[str]:
    """Return the versions that a merge brought together; other versions name none to be proved."""
    base, merged = named_parents(content)
    return list(dict.fromkeys([*([base] if base else []), *merged])) if merged else []


def _checked_parents(
    event: _Event, entries: Sequence[Any], rules: Rules, keys: Keys
) -> tuple[list[_Event], list[str]]:
    base, merged = named_parents(event.pdu["content"])
    named = [each for each in dict.fromkeys([base, *merged]) if each is not None]
    found: list[_Event] = []
    problems: list[str] = []
    for number, entry in enumerate(entries, 1):
        parent, more = _checked(f"Parent {number}", entry, rules, keys)
        problems.extend(more)
        if parent is None:
            continue
        if parent.event_id not in named:
            problems.append(
                f"Parent {number}, {shown(parent.event_id)}, is none that the event names."
            )
        elif parent.key != event.key:
            problems.append(f"Parent {number} is a version of another object.")
        elif parent.event_id in {each.event_id for each in found}:
            problems.append(f"Parent {number} is there twice.")
        found.append(parent)
    missing = set(named) - {each.event_id for each in found}
    if merged and not problems:
        problems.extend(
            f"The event merges {shown(each)}, and that is missing." for each in sorted(missing)
        )
    return found, problems


def _checked_create(
    event: _Event, bundle: Mapping[str, Any], rules: Rules, keys: Keys
) -> tuple[_Event | None, list[str]]:
    what = "The room's create event"
    create, problems = _checked(what, bundle["create"], rules, keys)
    if create is None:
        return None, problems
    return create, [*problems, *_create_problems(create, event.room_id, bundle["room_version"])]


def _create_problems(create: _Event, room_id: str, version: str) -> list[str]:
    what = "The room's create event"
    if create.key != (room_id, "m.room.create", ""):
        return [f"{what} is not that of {shown(room_id)}."]
    if create.pdu["content"].get("room_version") != version:
        return [f"{what} says that the room has another version."]
    if not ROOM_VERSIONS[version].room_id_is_hash:
        return [f"{what} proves nothing in this room version: the room's ID is no hash."]
    return []


# In words


def _says(event: _Event, parents: Sequence[_Event], create: _Event | None) -> Iterable[str]:
    pdu = event.pdu
    kind, uid, room = (quoted(each) for each in (pdu["type"], pdu["state_key"], event.room_id))
    yield f"It is about the object {uid} of the type {kind} in the room {room}."
    yield (
        "It is a version of the object, with the content that stands in the file."
        if pdu["content"]
        else "It is the version that removed the object."
    )
    yield f"Its event ID is {event.event_id}."
    yield f"{event.author} wrote it, says the server {event.server}, which signed it."
    yield f"It says that this was at {moment(pdu['origin_server_ts'])}."
    base, merged = named_parents(pdu["content"])
    if merged:
        yield f"It is a merge of {len(parents)} versions, which are proven as well:"
        for each in parents:
            when = moment(each.pdu["origin_server_ts"])
            yield f"{each.event_id} by {each.author}, who says that it was at {when}."
    elif base is not None:
        yield f"It says that it was made on the version {quoted(base)}."
    everything = [event, *parents]
    if create is not None:
        yield f"The room was made by {create.author}."
        everything.append(create)
    for server, signed in dict.fromkeys((each.server, each.signed) for each in everything):
        yield from key_in_words(server, signed)


def _not_proven(event: _Event, everything: Iterable[_Event]) -> Iterable[str]:
    for server in sorted({each.server for each in everything}):
        yield whose_keys(server)
    yield "That the times are true: they are what the servers say."
    yield f"That {event.author} wrote it with their own hands: who runs the server can sign for them."
    yield "That it is the newest version: others may have followed."
    yield "That it was accepted in the room: what its author was allowed there is not in the file."
