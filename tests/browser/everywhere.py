"""Something of everything with names that a test chooses, and all views that show it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from playwright.sync_api import Page

from twin_module.testing.person import CLIENT, Person, eventually

SCROLLS = ".tabs, .filters, .board, pre"
"""What may be wider than its place, because it scrolls there by itself."""

WIDE = """(scrolls) => {
    const shown = [...document.querySelectorAll('body *')].filter((each) => each.getClientRects().length > 0)
    const named = (each) => `${each.localName}.${each.className}: ${each.textContent.slice(0, 40)}`
    const clipped = (each) => {
        for (let up = each.parentElement; up !== null; up = up.parentElement) {
            if (getComputedStyle(up).overflowX !== 'visible') return true
        }
        return false
    }
    const beyond = shown.filter((each) => {
        const { left, right, width } = each.getBoundingClientRect()
        return width > 1 && (right > innerWidth + 1 || left < -1) && !clipped(each)
    })
    const scrolling = shown.filter((each) => ['auto', 'scroll'].includes(getComputedStyle(each).overflowX)
        && each.scrollWidth > each.clientWidth + 1 && !each.matches(scrolls))
    const page = document.documentElement.scrollWidth > innerWidth ? [document.documentElement] : []
    return [...page, ...beyond, ...scrolling].slice(0, 5).map(named)
}"""


@dataclass(frozen=True, slots=True)
class Things:
    """Where everything is, on the twin of whoever shares it."""

    room: str
    circle: str
    person: str


def make(owner: Person, other: Person, name: str, *, topic: str, title: str) -> Things:
    """Make a circle with somebody, a collection that both may write in, and an object of each kind."""
    circle = owner.command(
        "circles", "create", name=name, purpose=topic, members={other.owner: "editor"}
    )["room_id"]
    room = owner.post("collections", {"name": name, "topic": topic})["room_id"]
    owner.command("circles", "share", room_id=room, circle=circle, role="editor")
    other.accept(circle, room)
    at = f"rooms/{room}"
    participants = {
        each.owner: {"@type": "Participant", "roles": {"attendee": True}} for each in (owner, other)
    }
    owner.put(
        f"{at}/tasks/task",
        {
            "@type": "Task",
            "title": title,
            "description": topic,
            "due": "2037-06-01T12:00:00",
            "keywords": {title[:100]: True},
            "participants": participants,
        },
    )
    owner.put(
        f"{at}/tasks/part",
        {
            "@type": "Task",
            "title": title,
            "relatedTo": {"task": {"@type": "Relation", "relation": {"parent": True}}},
        },
    )
    owner.put(
        f"{at}/agenda/event",
        {
            "@type": "Event",
            "title": title,
            "start": "2031-06-01T12:00:00",
            "duration": "PT1H",
            "locations": {"1": {"@type": "Location", "name": title}},
            "recurrenceRules": [{"@type": "RecurrenceRule", "frequency": "yearly"}],
            "participants": participants,
        },
    )
    owner.put(
        f"{at}/contacts/card",
        {
            "@type": "Card",
            "version": "1.0",
            "name": {"@type": "Name", "full": title},
            "organizations": {"o1": {"@type": "Organization", "name": title}},
            "notes": {"n1": {"@type": "Note", "note": topic}},
        },
    )
    owner.put(f"{at}/docs/text", {"@type": "Document", "title": title[:500], "text": topic})
    return Things(room, circle, other.owner)


VIEWS: Mapping[str, Callable[[Things], str]] = {
    "home": lambda _: "",
    "collections": lambda _: "collections",
    "collection": lambda at: f"c/{at.room}",
    "tasks of a collection": lambda at: f"c/{at.room}/tasks",
    "documents": lambda at: f"c/{at.room}/docs",
    "agenda of a collection": lambda at: f"c/{at.room}/agenda",
    "contacts": lambda at: f"c/{at.room}/contacts",
    "statements": lambda at: f"c/{at.room}/attestations",
    "task": lambda at: f"c/{at.room}/tasks/task",
    "history": lambda at: f"c/{at.room}/tasks/task/history",
    "document": lambda at: f"c/{at.room}/docs/text",
    "collection as somebody": lambda at: f"c/{at.room}?as={quote(at.person, safe='')}",
    "all tasks": lambda _: "tasks",
    "agenda": lambda _: "agenda?view=week&date=2031-06-01",
    "what comes": lambda _: "agenda?view=next",
    "people": lambda _: "people",
    "person": lambda at: f"people/{quote(at.person, safe='')}",
    "twin as somebody": lambda at: f"people/{quote(at.person, safe='')}?see=1",
    "circle": lambda at: f"circles/{at.circle}",
    "search": lambda _: "search?q=www",
    "settings": lambda _: "settings",
}
"""Addresses by what is seen there."""


def too_wide(page: Page) -> list[str]:
    """Return what is wider than the window, or scrolls sideways and should not."""
    found: list[str] = page.evaluate(WIDE, SCROLLS)
    return found


def rename(person: Person, name: str) -> None:
    """Change somebody's display name, as any Matrix client does."""
    person.put(f"{CLIENT}/profile/{quote(person.owner)}/displayname", {"displayname": name})


def calls(owner: Person, who: Person, name: str) -> None:
    """Wait until somebody's twin calls somebody by a name."""

    def check() -> bool:
        if owner.owner == who.owner:
            return bool(owner.get("card").get("displayname") == name)
        people = owner.get("people")["people"]
        return any(each["user_id"] == who.owner and each["displayname"] == name for each in people)

    eventually(check, what=f"{who.owner} is called {name}")
