"""Attestations on this twin: which of them are their issuer's word, and who in the owner's circles says so.

Whoever may write in a room may write anything into an attestation's event. So each is checked
against the keys of its issuer's server. A revocation counts wherever its issuer published it,
also when somebody else wrote the event anew without it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from twin_module.core.attestation import FORMAT, check, check_revocation, standing, verify
from twin_module.core.canonical import moment
from twin_module.core.credential import ATTESTATION_TYPE, DISPUTES, Claim, Version, read
from twin_module.core.errors import NotFound, NotProvable
from twin_module.core.layout import CIRCLE, Kind
from twin_module.core.ports import Cursor, Homeserver
from twin_module.core.state import StateEvent, plain
from twin_module.engine import query, store, versions
from twin_module.engine.keyring import Keyring, Reader
from twin_module.engine.query import Condition, Query
from twin_module.engine.versions import Place
from twin_module.rooms.circles import view as circle_of

MOST: Final = 500
"""How many attestations one answer checks; the newest come first."""
MOST_VERSIONS: Final = 5
"""How many of the issuer's versions of one attestation are searched for a revocation, newest first."""

Status: TypeAlias = Literal[
    "valid", "revoked", "expired", "not_yet_valid", "invalid", "cannot_be_checked_now"
]
About: TypeAlias = Literal["current", "earlier", "unknown", "other"]


@dataclass(frozen=True, slots=True)
class Judged:
    """A credential with what became of checking it."""

    document: Any
    """As it was found: plain JSON."""
    status: Status
    problems: tuple[str, ...] = ()
    claim: Claim | None = None
    """What it says, whether that is signed or not; None where it can't be read."""
    key: str = ""
    """The key that signed it, as unpadded base64."""
    revocation: Claim | None = None
    revoked: Any = None
    """The signed revocation."""
    place: Place | None = None
    """Where it was found."""
    sender: str = ""
    """Who wrote the event in which it was found."""
    event_id: str = ""
    """That event."""

    @property
    def disputes(self) -> bool:
        """Whether it says that something is wrong."""
        return self.claim is not None and self.claim.statement in DISPUTES


class Attestations:
    """Finds, checks and hands out attestations."""

    def __init__(self, homeserver: Homeserver) -> None:
        self._homeserver = homeserver
        self._keyring = Keyring(homeserver)

    async def found(
        self, conditions: Sequence[Condition], room_id: str | None = None
    ) -> tuple[list[Judged], bool]:
        """Return the attestations in all rooms, or one, that fit conditions, checked.

        Returns:
            The newest ones, and whether there are more than those.
        """
        asked = Query(type=ATTESTATION_TYPE, conditions=conditions, room_id=room_id, limit=MOST)
        page = await self._homeserver.transact(
            "twin_attestations", lambda cursor: query.run(cursor, asked)
        )
        events = [each.event() for each in page.records]
        return await self._judged_all(events), page.next is not None

    async def at(self, room_id: str, uid: str) -> Judged:
        """Return the attestation of a room that has a uid, checked.

        Raises:
            NotFound: there is none.
        """
        record = await self._homeserver.transact(
            "twin_attestation",
            lambda cursor: store.read_object(cursor, room_id, ATTESTATION_TYPE, uid),
        )
        if record is None or record.removed or record.content is None:
            raise NotFound(f"There is no attestation {uid!r} in this room.")
        [judged] = await self._judged_all([record.event()])
        return judged

    async def judge(self, document: Any, revoked: Any = None) -> Judged:
        """Check a credential that somebody showed, with what this twin knows of its revocation.

        Args:
            document: plain JSON, or anything else.
            revoked: the revocation that came with it, if any.
        """
        reader = self._keyring.reader()
        judged = await self._judged(document, [revoked] if revoked is not None else [], reader)
        return (await self._with_revocations([judged], reader))[0]

    async def bundle(self, room_id: str, uid: str) -> Mapping[str, Any]:
        """Return an attestation as a file that stands alone (format: `docs/attestations.md`).

        Raises:
            NotFound: there is none.
            NotProvable: it is not signed by its issuer, or that can't be checked now.
        """
        judged = await self.at(room_id, uid)
        if judged.claim is None or not judged.key:
            raise NotProvable(
                f"This attestation can't be proved. {' '.join(judged.problems)}",
                problems=list(judged.problems),
            )
        reader, server = self._keyring.reader(), judged.claim.server
        await reader.of(server)
        bundle: dict[str, Any] = {
            "format": FORMAT,
            "credential": judged.document,
            "keys": {server: [dict(each) for each in reader.documents[server]]},
        }
        if judged.revoked is None and not verify(bundle).proven:
            raise NotProvable("This attestation can't be proved with the keys that are known now.")
        return bundle if judged.revoked is None else {**bundle, "revoked": judged.revoked}

    # Checking

    async def _judged_all(self, events: Iterable[StateEvent]) -> list[Judged]:
        reader = self._keyring.reader()
        judged = []
        for event in events:
            content = plain(event.content)
            beside = [content["revoked"]] if "revoked" in content else []
            each = await self._judged(content.get("credential"), beside, reader)
            place = Place(event.room_id, event.type, event.state_key)
            judged.append(replace(each, place=place, sender=event.sender, event_id=event.event_id))
        return await self._with_revocations(judged, reader)

    async def _judged(self, document: Any, revocations: list[Any], reader: Reader) -> Judged:
        claim = read(document)
        if isinstance(claim, str):
            return Judged(document, "invalid", (f"The credential {claim}.",))
        checked = check(document, await reader.of(claim.server))
        if checked.may_change:
            newest = await reader.newest_of(claim.server)
            if newest is None:
                return Judged(document, "cannot_be_checked_now", (_silent(claim),), claim)
            checked = check(document, newest)
        if checked.signed is None:
            return Judged(document, "invalid", checked.problems, claim)
        status: Status = standing(claim, self._homeserver.now())
        judged = Judged(document, status, (), claim, checked.signed.fingerprint)
        return await self._revoked(judged, claim, revocations, reader)

    async def _revoked(
        self, judged: Judged, claim: Claim, revocations: Iterable[Any], reader: Reader
    ) -> Judged:
        for document in revocations:
            checked = check_revocation(document, claim, await reader.of(claim.server))
            if checked.may_change:
                newest = await reader.newest_of(claim.server)
                checked = check_revocation(document, claim, newest) if newest else checked
            if checked.signed is not None:
                return replace(judged, status="revoked", revocation=checked.claim, revoked=document)
        return judged

    async def _with_revocations(self, found: list[Judged], reader: Reader) -> list[Judged]:
        """Search what issuers wrote before for revocations that are no longer current."""
        signed = [each for each in found if each.key and each.revoked is None and each.claim]

        def work(cursor: Cursor) -> list[list[str]]:
            return [_elsewhere(cursor, each) for each in signed]

        wanted = await self._homeserver.transact("twin_revocations", work)
        events = await self._homeserver.events({each for several in wanted for each in several})
        again: dict[int, Judged] = {}
        for each, event_ids in zip(signed, wanted, strict=True):
            contents = (events[event_id].content for event_id in event_ids if event_id in events)
            beside = [plain(content["revoked"]) for content in contents if "revoked" in content]
            if each.claim is not None:
                again[id(each)] = await self._revoked(each, each.claim, beside, reader)
        return [again.get(id(each), each) for each in found]

    # What they are about, and who says so

    async def about(self, claims: Iterable[Version], current: str | None) -> dict[Version, About]:
        """Tell of versions that attestations name what they are of their object.

        Args:
            claims: what they name.
            current: the event ID of the current version, None where the object is not there.
        """
        wanted = set(claims)

        def work(cursor: Cursor) -> dict[Version, About]:
            return {each: _about(cursor, each, current) for each in wanted}

        return await self._homeserver.transact("twin_attested", work)

    async def circles(self) -> Mapping[str, Sequence[Mapping[str, str]]]:
        """Return the owner's own circles of each of their members, by Matrix ID."""
        owner = self._homeserver.owner

        def work(cursor: Cursor) -> dict[str, list[Mapping[str, str]]]:
            found: dict[str, list[Mapping[str, str]]] = {}
            for room in store.read_rooms(cursor, "join"):
                if room.kind != Kind.CIRCLE.value or room.creator != owner:
                    continue
                records = store.read_objects(cursor, room.room_id, [CIRCLE])
                events = [each.event() for each in records if each.content and not each.removed]
                circle = circle_of({(each.type, each.state_key): each for each in events})
                for member in circle.members if circle is not None else ():
                    named = {"room_id": room.room_id, "name": circle.name if circle else ""}
                    found.setdefault(member, []).append(named)
            return found

        return await self._homeserver.transact("twin_whose_circles", work)


def _silent(claim: Claim) -> str:
    return (
        f"{claim.server} does not show its keys now, so it can't be told whether "
        f"{claim.issuer} said this at {moment(claim.valid_from)}. Ask again later."
    )


def _elsewhere(cursor: Cursor, judged: Judged) -> list[str]:
    """Return what its issuer wrote where they said, and where it was found, but what was looked at."""
    if judged.claim is None:
        return []
    named, issuer = judged.claim.place, judged.claim.issuer
    places = [] if named is None else [Place(named[0], ATTESTATION_TYPE, named[1])]
    places += [] if judged.place is None else [judged.place]
    return [
        event_id
        for place in dict.fromkeys(places)
        for event_id in versions.written_by(cursor, place, issuer, MOST_VERSIONS)
        if event_id != judged.event_id
    ]


def _about(cursor: Cursor, version: Version, current: str | None) -> About:
    if version.event_id == current:
        return "current"
    place = versions.place_named(cursor, version.event_id)
    if place is None:
        return "unknown"
    same = place == Place(version.room_id, version.type, version.uid)
    return "earlier" if same else "other"
