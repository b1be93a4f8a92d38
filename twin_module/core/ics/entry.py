"""One VEVENT or VTODO and one JSCalendar object, field by field, without the rest of its series."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from twin_module.core.content_lines import Line, escaped, items, param_text, unescaped
from twin_module.core.entries import key_of
from twin_module.core.ics.kept import Taking
from twin_module.core.ics.links import read_links, read_places, write_links, write_places
from twin_module.core.ics.people import read_people, write_people
from twin_module.core.ics.times import (
    Clock,
    When,
    ending,
    lasting,
    read_duration,
    time_line,
    utc_digits,
    utc_of_line,
    written_duration,
)
from twin_module.core.jscalendar import local_of, utc_of

EVENT: Final = "VEVENT"
TASK: Final = "VTODO"
KINDS: Final[Mapping[str, str]] = {EVENT: "Event", TASK: "Task"}
NO_TITLE: Final = "(no title)"
"""What an entry is called here that has no SUMMARY, because ours need a title."""
ONCE: Final = frozenset(
    {"SUMMARY", "DESCRIPTION", "LOCATION", "GEO", "DTSTART", "DTEND", "DUE", "DURATION"}
    | {"STATUS", "CLASS", "TRANSP", "PRIORITY", "SEQUENCE", "COLOR", "ORGANIZER", "COMPLETED"}
    | {"PERCENT-COMPLETE", "CREATED", "LAST-MODIFIED", "DTSTAMP", "UID", "ESTIMATED-DURATION"}
)
"""Properties that an entry has one of."""
_MAX_TITLE: Final = 1000
_MAX_DESCRIPTION: Final = 20_000
_MAX_WORDS: Final = 100
_MAX_WORD: Final = 100
_MAX_RELATED: Final = 200
_NEVER: Final = "1970-01-01T00:00:00Z"
"""The DTSTAMP of what has no time of change; iCalendar wants one."""
_WORDS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "CLASS": (
        "privacy",
        {"PUBLIC": "public", "PRIVATE": "private", "CONFIDENTIAL": "secret"},
    ),
    "TRANSP": ("freeBusyStatus", {"OPAQUE": "busy", "TRANSPARENT": "free"}),
}
_STATUS: Final = {each.upper(): each for each in ("confirmed", "tentative", "cancelled")}
_PROGRESS: Final = {
    each.upper(): each
    for each in ("needs-action", "in-process", "completed", "failed", "cancelled")
}
_NUMBERS: Final[Mapping[str, tuple[str, int]]] = {
    "PRIORITY": ("priority", 9),
    "SEQUENCE": ("sequence", 2**31 - 1),
    "PERCENT-COMPLETE": ("percentComplete", 100),
}
_DIGITS: Final = re.compile(r"\s*\+?([0-9]{1,10})\s*")
_COLOR: Final = re.compile(r"[A-Za-z]{1,40}|#[0-9A-Fa-f]{3,8}")
_RELATION: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_DAY: Final = timedelta(days=1)


class Unreadable(Exception):
    """An entry that can't be read; its text is a sentence for people."""


def words_of(name: str, kind: str) -> tuple[str, Mapping[str, str]]:
    """Return the field of a property that has one of some words, and its words here by those there."""
    if name == "STATUS":
        return ("status", _STATUS) if kind == EVENT else ("progress", _PROGRESS)
    return _WORDS[name]


# Reading


def read_object(all_lines: list[Line], lines: Taking, clock: Clock, kind: str) -> dict[str, Any]:
    """Return what the lines of one component say, alarms and series aside.

    Raises:
        Unreadable: an event has no start.
        UnknownZone: a time has a zone that can't be known.
    """
    content: dict[str, Any] = {"@type": KINDS[kind]}
    _read_texts(lines, content)
    if kind == EVENT:
        _read_event_times(lines, clock, content)
    else:
        _read_task_times(lines, clock, content)
    only_days = lines.once("SHOW-WITHOUT-TIME")
    if only_days is not None and only_days.value.upper() == "TRUE":
        content["showWithoutTime"] = True
        lines.take_name("SHOW-WITHOUT-TIME")
    for name in ("CLASS", "TRANSP", "STATUS"):
        line = lines.once(name)
        if line is not None:
            field, words = words_of(name, kind)
            word = words.get(line.value.strip().upper())
            if word:
                content[field] = word
                lines.take_name(name)
    for name, (field, most) in _NUMBERS.items():
        line = lines.once(name)
        found = _DIGITS.fullmatch(line.value) if line is not None else None
        if found and int(found[1]) <= most and (kind == TASK or name != "PERCENT-COMPLETE"):
            content[field] = int(found[1])
            lines.take_name(name)
    if kind == TASK:
        _read_completed(lines, content)
    _read_stamps(lines, content)
    read_places(lines, content)
    read_links(lines, content, all_lines)
    read_people(lines, content)
    _read_related(lines, content)
    return content


def _read_texts(lines: Taking, content: dict[str, Any]) -> None:
    summary = lines.once("SUMMARY")
    title = unescaped(summary.value) if summary is not None else ""
    lines.take_name("SUMMARY")
    # The whole of a longer title is in the line that is kept.
    content["title"] = title if len(title) <= _MAX_TITLE else f"{title[: _MAX_TITLE - 1]}…"
    content["title"] = content["title"] or NO_TITLE
    description = lines.once("DESCRIPTION")
    if description is not None and description.value:
        text = unescaped(description.value)
        if len(text) <= _MAX_DESCRIPTION:
            content["description"] = text
            lines.take_name("DESCRIPTION")
    color = lines.once("COLOR")
    if color is not None and _COLOR.fullmatch(color.value):
        content["color"] = color.value
        lines.take_name("COLOR")
    keywords: dict[str, bool] = {}
    for line in lines.all("CATEGORIES"):
        words = {word.strip(): True for word in items(line.value) if word.strip()}
        if words and max(map(len, words)) <= _MAX_WORD and len(keywords | words) <= _MAX_WORDS:
            keywords |= words
            lines.take(line)
    if keywords:
        content["keywords"] = keywords


def _read_time(lines: Taking, clock: Clock, name: str) -> When | None:
    line = lines.once(name)
    when = clock.read(line) if line is not None else None
    if when is not None:
        lines.take_name(name)
    return when


def _set_time(content: dict[str, Any], field: str, when: When) -> None:
    content[field] = when.text
    if when.zone is not None:
        content["timeZone"] = when.zone
    if when.is_day:
        content["showWithoutTime"] = True


def _read_event_times(lines: Taking, clock: Clock, content: dict[str, Any]) -> None:
    start = _read_time(lines, clock, "DTSTART")
    if start is None:
        raise Unreadable("It has no start (DTSTART) that can be read.")
    _set_time(content, "start", start)
    end = lines.once("DTEND")
    when = clock.read(end) if end is not None else None
    if when is not None:
        duration = _duration(start, when)
        if duration is not None:
            content["duration"] = duration
            lines.take_name("DTEND")
            return
    line = lines.once("DURATION")
    duration = read_duration(line.value) if line is not None else None
    if duration is not None:
        content["duration"] = duration
        lines.take_name("DURATION")
    elif start.is_day:
        content["duration"] = "P1D"


def _duration(start: When, end: When) -> str | None:
    """Return how long something lasts, None where it ends before it starts."""
    if start.is_day:
        last = datetime.combine(end.local.date(), datetime.min.time())
        # One day is meant where the end is the start itself.
        last = start.local + _DAY if last == start.local < datetime(9999, 12, 31) else last  # noqa: DTZ001
        return lasting(start.local, last, None)
    return lasting(start.local, end.within(start.zone), start.zone)


def _read_task_times(lines: Taking, clock: Clock, content: dict[str, Any]) -> None:
    start, due = _read_time(lines, clock, "DTSTART"), _read_time(lines, clock, "DUE")
    first = start or due
    line = lines.once("DURATION")
    duration = read_duration(line.value) if line is not None else None
    if start is not None and due is None and duration is not None:
        end = ending(start.local, duration, start.zone)
        if end is not None:
            due = start._replace(local=end)
            lines.take_name("DURATION")
    zone = (start and start.zone) or (due and due.zone)
    for field, when in (("start", start), ("due", due)):
        if when is not None:
            content[field] = when.within(zone).isoformat()
    if zone:
        content["timeZone"] = zone
    if first is not None and all(each.is_day for each in (start, due) if each is not None):
        content["showWithoutTime"] = True
    estimated = lines.once("ESTIMATED-DURATION")
    lasts = read_duration(estimated.value) if estimated is not None else None
    if lasts is not None:
        content["estimatedDuration"] = lasts
        lines.take_name("ESTIMATED-DURATION")


def _read_completed(lines: Taking, content: dict[str, Any]) -> None:
    line = lines.once("COMPLETED")
    at = utc_of_line(line, floating=True) if line is not None else None
    if at is not None and content.setdefault("progress", "completed") == "completed":
        content["progressUpdated"] = at
        lines.take_name("COMPLETED")


def _read_stamps(lines: Taking, content: dict[str, Any]) -> None:
    stamps = {}
    for name in ("CREATED", "LAST-MODIFIED", "DTSTAMP"):
        line = lines.once(name)
        at = utc_of_line(line, floating=True) if line is not None else None
        if at is not None:
            stamps[name] = at
            lines.take_name(name)
    if "CREATED" in stamps:
        content["created"] = stamps["CREATED"]
    updated = stamps.get("LAST-MODIFIED", stamps.get("DTSTAMP", _NEVER))
    # Without LAST-MODIFIED, DTSTAMP is written of `created`, or says nothing.
    if "LAST-MODIFIED" in stamps or updated not in (_NEVER, stamps.get("CREATED")):
        content["updated"] = updated


def _read_related(lines: Taking, content: dict[str, Any]) -> None:
    related: dict[str, dict[str, Any]] = {}
    for line in lines.all("RELATED-TO"):
        key, relation = key_of(line.value), (line.param("RELTYPE") or "PARENT").lower()
        if not line.value or not _RELATION.fullmatch(relation):
            continue
        if key not in related and len(related) == _MAX_RELATED:
            continue
        related.setdefault(key, {"@type": "Relation", "relation": {}})["relation"][relation] = True
        lines.take(line)
    if related:
        content["relatedTo"] = related


# Writing


def object_lines(
    content: Mapping[str, Any], kind: str, key: str, aliases: Mapping[str, str]
) -> list[str]:
    """Return the lines that an object is written as, unfolded, alarms and series aside.

    Args:
        content: an Event or a Task.
        kind: VEVENT or VTODO.
        key: its state key.
        aliases: what the file calls time zones.
    """
    uid = content.get("uid")
    lines = [f"UID:{uid if isinstance(uid, str) and key_of(uid) == key else key}"]
    lines += _written_stamps(content)
    lines += _written_times(content, kind, aliases)
    for name, field in (("SUMMARY", "title"), ("DESCRIPTION", "description")):
        text = content.get(field)
        if isinstance(text, str) and text:
            lines.append(f"{name}:{escaped(text)}")
    for name in ("STATUS", "CLASS", "TRANSP"):
        field, words = words_of(name, kind)
        lines += [f"{name}:{word}" for word, ours in words.items() if content.get(field) == ours]
    for name, (field, _) in _NUMBERS.items():
        number = content.get(field)
        if isinstance(number, int) and (kind == TASK or name != "PERCENT-COMPLETE"):
            lines.append(f"{name}:{number:d}")
    at = content.get("progressUpdated")
    if kind == TASK and content.get("progress") == "completed" and utc_of(at):
        lines.append(f"COMPLETED:{utc_digits(str(at))}")
    color, keywords = content.get("color"), content.get("keywords")
    if isinstance(color, str) and _COLOR.fullmatch(color):
        lines.append(f"COLOR:{color}")
    if isinstance(keywords, Mapping) and keywords:
        lines.append("CATEGORIES:" + ",".join(escaped(word) for word in sorted(keywords)))
    lines += write_places(content)
    lines += write_links(content)
    lines += write_people(content)
    lines += _written_related(content)
    return lines


def _written_stamps(content: Mapping[str, Any]) -> Iterator[str]:
    created, updated = content.get("created"), content.get("updated")
    stamp = next((each for each in (updated, created) if utc_of(each)), _NEVER)
    yield f"DTSTAMP:{utc_digits(str(stamp))}"
    if utc_of(created):
        yield f"CREATED:{utc_digits(str(created))}"
    if utc_of(updated):
        yield f"LAST-MODIFIED:{utc_digits(str(updated))}"


def is_by_day(content: Mapping[str, Any]) -> bool:
    """Return whether an object is written by its days alone: it has no zone, and no time in its day."""
    times = [content[name] for name in ("start", "due") if name in content]
    return (
        content.get("showWithoutTime") is True
        and not content.get("timeZone")
        and all(isinstance(each, str) and each.endswith("T00:00:00") for each in times)
    )


def _written_times(
    content: Mapping[str, Any], kind: str, aliases: Mapping[str, str]
) -> Iterator[str]:
    zone, is_day = content.get("timeZone"), is_by_day(content)
    zone = zone if isinstance(zone, str) else None
    start, due = content.get("start"), content.get("due")
    if isinstance(start, str):
        yield time_line("DTSTART", start, zone, aliases, is_day=is_day)
    if kind == TASK:
        if isinstance(due, str):
            yield time_line("DUE", due, zone, aliases, is_day=is_day)
        lasts = content.get("estimatedDuration")
        if isinstance(lasts, str):
            yield f"ESTIMATED-DURATION:{written_duration(lasts)}"
    elif isinstance(content.get("duration"), str):
        yield _written_end(str(start), content["duration"], zone, aliases, is_day=is_day)
    if content.get("showWithoutTime") is True and not is_day:
        yield "SHOW-WITHOUT-TIME;VALUE=BOOLEAN:TRUE"


def _written_end(
    start: str, duration: str, zone: str | None, aliases: Mapping[str, str], *, is_day: bool
) -> str:
    """Return when an event ends, by its duration where the time would not say it."""
    begins = local_of(start)
    ends = None if begins is None else ending(begins, duration, zone)
    if begins is None or ends is None:
        return f"DURATION:{written_duration(duration)}"
    told = _duration(When(begins, zone, is_day), When(ends, zone, is_day))
    if told != duration:
        return f"DURATION:{written_duration(duration)}"
    return time_line("DTEND", ends.isoformat(), zone, aliases, is_day=is_day)


def _written_related(content: Mapping[str, Any]) -> Iterator[str]:
    related = content.get("relatedTo")
    for key, relation in sorted(related.items() if isinstance(related, Mapping) else ()):
        names = relation.get("relation") if isinstance(relation, Mapping) else None
        for name in sorted(names if isinstance(names, Mapping) else ()):
            if _RELATION.fullmatch(name):
                yield f"RELATED-TO{param_text('RELTYPE', [name.upper()])}:{key}"
