"""Proof bundles: put together from what the server keeps, and checked before they are handed out."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from twin_module.core.errors import NotFound, NotProvable, Unreachable
from twin_module.core.ports import Homeserver, SignedEvent
from twin_module.core.proof import FORMAT, merge_parents, verify


class Proofs:
    """Makes proofs of versions of objects."""

    def __init__(self, homeserver: Homeserver, ask: Literal["needed", "never"] = "needed") -> None:
        """Take where things are kept, and when another server may be asked for its keys."""
        self._homeserver = homeserver
        self._ask: Literal["needed", "never"] = ask

    async def bundle(
        self, room_id: str, event_type: str, uid: str, event_id: str
    ) -> Mapping[str, Any]:
        """Return the proof of one version of an object (format: `docs/proofs.md`).

        Raises:
            NotFound: the object has no such version here.
            Unreachable: a server whose keys are not known does not answer.
            NotProvable: the version, or one that it merges, was redacted, or is otherwise not
                what its server signed.
        """
        signed = await self._homeserver.signed_event(event_id)
        key = (room_id, event_type, uid)
        if signed is None or _key(signed.pdu) != key:
            raise NotFound(f"{uid!r} has no version {event_id} in this room, or not on this twin.")
        bundle: dict[str, Any] = {
            "format": FORMAT,
            "room_version": signed.room_version,
            **_entry(signed),
            "parents": [_entry(each) for each in await self._parents(signed)],
            "keys": {},
        }
        await self._add_keys(bundle, bundle, *bundle["parents"])
        verdict = verify(bundle)
        if not verdict.proven:
            raise NotProvable(
                f"This version can't be proved. {verdict.problems[0]}",
                problems=list(verdict.problems),
            )
        return await self._with_room(bundle, room_id)

    async def _parents(self, signed: SignedEvent) -> list[SignedEvent]:
        """Return what a merge merged; other versions are proved without what they stood on."""
        parents = []
        for event_id in merge_parents(signed.pdu["content"]):
            parent = await self._homeserver.signed_event(event_id)
            if parent is None:
                raise NotProvable(
                    f"This version merges {event_id}, which is not on this twin; "
                    "ask the twin that merged it for the proof."
                )
            parents.append(parent)
        return parents

    async def _with_room(self, bundle: dict[str, Any], room_id: str) -> Mapping[str, Any]:
        """Add who made the room, where that can be proved as well; it is an extra."""
        found = await self._homeserver.state(room_id, [("m.room.create", "")])
        create = found.get(("m.room.create", ""))
        signed = await self._homeserver.signed_event(create.event_id) if create else None
        if signed is None:
            return bundle
        keys = {server: [*documents] for server, documents in bundle["keys"].items()}
        whole = {**bundle, "create": _entry(signed), "keys": keys}
        try:
            await self._add_keys(whole, whole["create"])
        except Unreachable:
            return bundle
        return whole if verify(whole).proven else bundle

    async def _add_keys(self, bundle: dict[str, Any], *events: Mapping[str, Any]) -> None:
        """Add the key documents that name a key which one of the events is signed with."""
        known: dict[str, Sequence[Mapping[str, Any]]] = {}
        for each in events:
            pdu = each["event"]
            server = pdu["sender"].partition(":")[2]
            if server not in known:
                known[server] = await self._homeserver.key_documents(server, self._ask)
            signed_with = set(pdu.get("signatures", {}).get(server, ()))
            chosen = bundle["keys"].setdefault(server, [])
            chosen += [
                document
                for document in map(dict, known[server])
                if signed_with & _named(document) and document not in chosen
            ]


def _named(document: Mapping[str, Any]) -> set[str]:
    keys = (document.get("verify_keys"), document.get("old_verify_keys"))
    return {key_id for each in keys if isinstance(each, Mapping) for key_id in each}


def _entry(signed: SignedEvent) -> dict[str, Any]:
    return {"event_id": signed.event_id, "event": dict(signed.pdu)}


def _key(pdu: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    return pdu.get("room_id"), pdu.get("type"), pdu.get("state_key")
