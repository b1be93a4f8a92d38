"""Contacts: address books that people share.

A contact is a JSContact Card (RFC 9553) in one state event, whose state key is the card's uid. A
group is a card of the kind `group`, which names its members: by uid, or by the URI of a Matrix ID.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from twin_module.core.capability import (
    UID_PATTERN,
    Arguments,
    Capability,
    Command,
    Context,
    Objects,
    Phrase,
)
from twin_module.core.effects import Effect, Put, remove
from twin_module.core.errors import InvalidParam, NotFound
from twin_module.core.jscalendar import utc_text
from twin_module.core.jscontact import (
    BEGINNING,
    CARD,
    bare_uid,
    is_group,
    matrix_ids,
    matrix_service,
)
from twin_module.core.jscontact_schema import MAX_MEMBERS, MAX_UID, PROPERTIES
from twin_module.core.matrix_uri import ROOM_ID, USER_ID, is_user_id, user_of, user_uri
from twin_module.core.phrases import MOVE, REMOVE
from twin_module.core.state import Content, frozen, plain

_SORTED_BY: Final = ("surname", "surname2", "given", "given2")


@dataclass(frozen=True, slots=True)
class Contact:
    """A card as its readers see it."""

    uid: str
    title: str
    content: Content

    @property
    def is_group(self) -> bool:
        """Whether it stands for several people."""
        return is_group(self.content)


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a group."""

    member: str
    """As the group names it."""
    card: Contact | None
    """The card that it means, where it is in the same address book."""
    user_id: str | None
    """The Matrix ID that it means, where it is one."""


@dataclass(frozen=True, slots=True)
class AddressBook:
    """The cards of a room."""

    cards: Sequence[Contact]
    """By name."""
    _by_uid: Mapping[str, Contact] = field(hash=False)
    _by_user: Mapping[str, Contact] = field(hash=False)

    def card(self, uid: str) -> Contact:
        """Return a card.

        Raises:
            NotFound: there is none with this uid.
        """
        found = self._by_uid.get(uid)
        if found is None or found.uid != uid:
            raise NotFound(f"There is no card {uid!r} in this room.")
        return found

    def of_user(self, user_id: str) -> Contact | None:
        """Return the first card that has a Matrix ID."""
        return self._by_user.get(user_id)

    def members(self, group: Contact) -> Sequence[Member]:
        """Return the members of a group, those that have a card here first, by name."""
        found = []
        for each in group.content.get("members", {}):
            user_id = user_of(each) if each.startswith("matrix:u/") else None
            card = self._by_uid.get(each) or self._by_uid.get(bare_uid(each))
            card = card or (self._by_user.get(user_id) if user_id else None)
            found.append(Member(each, card, user_id))
        return sorted(found, key=_order_of_member)


def _order_of_member(member: Member) -> tuple[bool, tuple[str, ...], str]:
    return member.card is None, _order(member.card) if member.card else (), member.member


def view(objects: Objects) -> AddressBook:
    """Return the cards of a room by name, as `sortAs` says where a card has it."""
    cards = sorted(
        (
            Contact(uid, CARD.title(each.content), each.content)
            for (_, uid), each in objects.items()
        ),
        key=_order,
    )
    by_uid: dict[str, Contact] = {}
    by_user: dict[str, Contact] = {}
    for each in cards:
        by_uid.setdefault(bare_uid(each.content.get("uid", each.uid)), each)
        if not each.is_group:
            for user_id in matrix_ids(each.content):
                by_user.setdefault(user_id, each)
    by_uid |= {bare_uid(each.uid): each for each in cards} | {each.uid: each for each in cards}
    return AddressBook(cards, by_uid, by_user)


def _order(contact: Contact) -> tuple[str, str, str]:
    """Return what a card is sorted by: letters of any case and accent together."""
    sort_as = contact.content.get("name", {}).get("sortAs", {})
    words = " ".join(sort_as[kind] for kind in _SORTED_BY if sort_as.get(kind, "").strip())
    text = unicodedata.normalize("NFKD", words or contact.title).casefold()
    plainly = "".join(each for each in text if not unicodedata.combining(each))
    return plainly, contact.title, contact.uid


def render(book: AddressBook, now: datetime) -> Mapping[str, Any]:
    """Return the cards in order, and the groups with their members."""
    return {
        "cards": [{**plain(each.content), "uid": each.uid} for each in book.cards],
        "groups": [
            {
                "uid": group.uid,
                "title": group.title,
                "members": [_shown(member) for member in book.members(group)],
            }
            for group in book.cards
            if group.is_group
        ],
    }


def _shown(member: Member) -> Mapping[str, str]:
    shown = {"member": member.member}
    if member.card is not None:
        shown |= {"uid": member.card.uid, "title": member.card.title}
    if member.user_id is not None:
        shown["user_id"] = member.user_id
    return shown


# Commands


def _given(arguments: Arguments) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name in PROPERTIES}


def add(book: AddressBook, context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Add a card."""
    now = utc_text(context.now)
    content = {**BEGINNING, **_given(arguments), "created": now, "updated": now}
    return [Put(CARD.type, arguments.get("uid", context.new_uid), frozen(content))]


def add_person(book: AddressBook, context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Add a card for a Matrix ID; where one has it already, nothing is added."""
    user_id = arguments["user_id"]
    if not is_user_id(user_id):
        raise InvalidParam(f"user_id: {user_id!r} is not a Matrix ID, as @bob:example.org is.")
    if book.of_user(user_id) is not None:
        return []
    name = " ".join(arguments.get("displayname", "").split()) or user_id[1:].partition(":")[0]
    fields = {
        "kind": "individual",
        "name": {"@type": "Name", "full": name},
        "onlineServices": {"s1": matrix_service(user_id)},
    }
    return add(book, context, fields)


def change(book: AddressBook, context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Change fields of a card; null takes a field away."""
    card = book.card(arguments["uid"])
    content = card.content
    for name, value in _given(arguments).items():
        if value is None:
            content = content.discard(name)
        else:
            content = content.set(name, frozen({name: value})[name])
    return _changed(card, content, context)


def _changed(card: Contact, content: Content, context: Context) -> Sequence[Effect]:
    if content == card.content:
        return []
    return [Put(CARD.type, card.uid, content.set("updated", utc_text(context.now)))]


def remove_card(book: AddressBook, context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Remove a card."""
    return [remove(CARD.type, book.card(arguments["uid"]).uid)]


def move(book: AddressBook, context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Move a card to another address book; it is written there first, so that it is never nowhere."""
    card, target = book.card(arguments["uid"]), arguments["to_room_id"]
    if target == context.room_id:
        return []
    return [Put(CARD.type, card.uid, card.content, target), remove(CARD.type, card.uid)]


def _group(book: AddressBook, uid: str) -> Contact:
    card = book.card(uid)
    if not card.is_group:
        raise InvalidParam(f"uid: {card.title} is no group; change its kind to group first.")
    return card


def _member(arguments: Arguments) -> str:
    """Return how a group names a member; a Matrix ID is named by its URI."""
    member = str(arguments["member"]).strip()
    if not member:
        raise InvalidParam("member: name the uid of a card, or a Matrix ID.")
    return user_uri(member) if is_user_id(member) else member


def add_member(book: AddressBook, context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Add a card or a Matrix ID to a group."""
    group, member = _group(book, arguments["uid"]), _member(arguments)
    members = group.content.get("members", frozen({}))
    if bare_uid(member) in map(bare_uid, members):
        return []
    if len(members) >= MAX_MEMBERS or len(member) > MAX_UID:
        raise InvalidParam(
            f"member: a group has at most {MAX_MEMBERS} members,"
            f" each named in {MAX_UID} characters."
        )
    return _changed(group, group.content.set("members", members.set(member, True)), context)


def remove_member(book: AddressBook, context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Take a card or a Matrix ID out of a group."""
    group, member = _group(book, arguments["uid"]), bare_uid(_member(arguments))
    members = group.content.get("members", frozen({}))
    left = frozen({each: True for each in members if bare_uid(each) != member})
    if len(left) == len(members):
        raise NotFound(f"{arguments['member']} is not in this group.")
    content = group.content.set("members", left) if left else group.content.discard("members")
    return _changed(group, content, context)


_UID: Final = {"uid": {"type": "string", "pattern": UID_PATTERN, "description": "The card."}}
_MEMBER: Final = {
    "member": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "description": "The uid of a card, or a Matrix ID.",
    }
}

CONTACTS: Final = Capability(
    name="contacts",
    summary="Address books that people share",
    events=(CARD,),
    view=view,
    render=render,
    called={"en": ("contact", "card"), "de": ("kontakt", "kontakte")},
    commands={
        "add": Command(
            summary="Add a contact",
            decide=add,
            arguments={
                **PROPERTIES,
                "uid": {
                    **_UID["uid"],
                    "description": "A uid of your choice; absent, the twin makes one.",
                },
            },
            phrases=(
                Phrase(
                    words={
                        "en": ("{name.full}", "new {name.full}"),
                        "de": ("{name.full}", "neu {name.full}"),
                    },
                    brings={"kind": "individual", "name": {"@type": "Name"}},
                    keywords="keywords",
                ),
            ),
        ),
        "add_person": Command(
            summary="Add a contact for a Matrix ID",
            decide=add_person,
            arguments={
                "user_id": {**USER_ID, "description": "Who."},
                "displayname": {
                    "type": "string",
                    "maxLength": 255,
                    "description": "What they are called; absent, the first part of their ID.",
                },
            },
            required=("user_id",),
            reads_room=True,
            phrases=(
                Phrase(
                    words={
                        "en": (
                            *("{user_id}", "add {user_id}"),
                            *("add {user_id} as {displayname}", "new {user_id}"),
                        ),
                        "de": ("{user_id}", "neu {user_id}", "neu {user_id} als {displayname}"),
                    },
                ),
            ),
        ),
        "change": Command(
            summary="Change fields of a contact; null takes one away",
            decide=change,
            arguments={
                **_UID,
                **{
                    name: {"anyOf": [schema, {"type": "null"}]}
                    for name, schema in PROPERTIES.items()
                },
            },
            required=("uid",),
        ),
        "move": Command(
            summary="Move a contact to another address book",
            decide=move,
            arguments={
                **_UID,
                "to_room_id": {**ROOM_ID, "description": "The address book to move to."},
            },
            required=("uid", "to_room_id"),
            phrases=(MOVE,),
        ),
        "add_member": Command(
            summary="Add somebody to a group",
            decide=add_member,
            arguments={**_UID, **_MEMBER},
            required=("uid", "member"),
            phrases=(
                Phrase(
                    words={
                        "en": ("add {member}", "add {member} to {uid}"),
                        "de": ("aufnehmen {member}", "aufnehmen {member} in {uid}"),
                    },
                ),
            ),
        ),
        "remove_member": Command(
            summary="Take somebody out of a group",
            decide=remove_member,
            arguments={**_UID, **_MEMBER},
            required=("uid", "member"),
            phrases=(
                Phrase(
                    words={
                        "en": ("take out {member}", "remove {member} from {uid}"),
                        "de": ("entfernen {member}", "entfernen {member} aus {uid}"),
                    },
                ),
            ),
        ),
        "remove": Command(
            summary="Remove a contact",
            decide=remove_card,
            arguments=_UID,
            required=("uid",),
            phrases=(REMOVE,),
        ),
    },
)
