"""Texts of entries as apps send them."""

from collections.abc import Iterable


def lines(*parts: str) -> str:
    """End each line as RFC 5545 and RFC 6350 want it."""
    return "".join(f"{part}\r\n" for part in parts)


def calendar(*components: str) -> str:
    """Wrap components into a VCALENDAR."""
    head = lines("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Tests//Tests//EN")
    return head + "".join(components) + lines("END:VCALENDAR")


def vevent(uid: str, *more: str, start: str = "20300107T100000Z", summary: str = "Dentist") -> str:
    """Return a VEVENT; a start of eight digits is a day."""
    value = ";VALUE=DATE" if len(start) == len("20300107") else ""
    return lines(
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "DTSTAMP:20290101T000000Z",
        f"DTSTART{value}:{start}",
        f"SUMMARY:{summary}",
        *more,
        "END:VEVENT",
    )


def event(uid: str, *more: str, start: str = "20300107T100000Z", summary: str = "Dentist") -> str:
    """Return a calendar with one event of an hour, or of a day, unless `more` says how long."""
    ends = any(each.startswith(("DTEND", "DURATION")) for each in more)
    hour = () if ends or len(start) == len("20300107") else ("DURATION:PT1H",)
    return calendar(vevent(uid, *hour, *more, start=start, summary=summary))


def todo(uid: str, *more: str, summary: str = "Buy bread") -> str:
    """Return a calendar with one task."""
    return calendar(
        lines(
            "BEGIN:VTODO",
            f"UID:{uid}",
            "DTSTAMP:20290101T000000Z",
            f"SUMMARY:{summary}",
            *more,
            "END:VTODO",
        )
    )


def card(uid: str, *more: str, name: str = "Ada Lovelace") -> str:
    """Return a vCard 3.0."""
    first, _, last = name.partition(" ")
    return lines(
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"UID:{uid}",
        f"FN:{name}",
        f"N:{last};{first};;;",
        *more,
        "END:VCARD",
    )


def unfolded(text: str) -> list[str]:
    """Return the logical lines of a text."""
    return text.replace("\r\n ", "").replace("\r\n\t", "").split("\r\n")


def values(text: str, name: str) -> list[str]:
    """Return what stands behind a property's name in all lines that have it."""
    found: Iterable[tuple[str, str, str]] = (line.partition(":") for line in unfolded(text))
    return [value for before, _, value in found if before.partition(";")[0] == name]
