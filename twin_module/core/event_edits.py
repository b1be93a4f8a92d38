"""Changes of an event that comes again: of all of it, of one time, of one time and all after it.

JSCalendar's overrides (RFC 8984, section 4.3.5) hold what is different at one time. A series that
changes from one time on becomes two, which name each other (section 4.1.3).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from twin_module.core.canonical import MAX_INTEGER
from twin_module.core.errors import InvalidParam
from twin_module.core.jscalendar import local_of, local_text, utc_text
from twin_module.core.recurrence import FIXED, SERIES, first_time, is_by_rules, plus, starts_before
from twin_module.core.rules import WEEKDAYS
from twin_module.core.state import Content, frozen, plain

_RULES: Final = ("recurrenceRules", "excludedRecurrenceRules")
_NOTED: Final = (
    *("start", "duration", "timeZone", "showWithoutTime", "status", "participants", "excluded"),
    *SERIES,
)
_NONE: Final[Content] = frozen({})


def changed(content: Content, fields: Mapping[str, Any]) -> Content:
    """Return content with other fields; None takes one away."""
    for name, value in fields.items():
        content = content.discard(name) if value is None else content.set(name, _value(value))
    return content


def _value(value: Any) -> Any:
    return frozen({"": value})[""]


def stamped(before: Content, after: Content, now: datetime) -> Content:
    """Return changed content with `updated`, and the next `sequence` where people may have to look again.

    They may where the times, what is different at one of them, the participants or the status changed.
    """
    if before == after:
        return after
    after = after.set("updated", utc_text(now))
    if all(before.get(name) == after.get(name) for name in _NOTED):
        return after
    return after.set("sequence", min(before.get("sequence", 0) + 1, MAX_INTEGER))


def changed_once(content: Content, recurrence_id: str, fields: Mapping[str, Any]) -> Content:
    """Return a series with other fields at one of its times.

    Raises:
        InvalidParam: a field is one that is the same for all times.
    """
    fixed = sorted(FIXED.intersection(fields))
    if fixed:
        raise InvalidParam(f"{fixed[0]}: that is the same each time; change all of the series.")
    usual = content.set("start", recurrence_id)
    overrides = content.get("recurrenceOverrides", _NONE)
    patch = without(overrides.get(recurrence_id, _NONE), fields)
    for name, value in fields.items():
        # What is as usual needs no override: it goes on changing with the series.
        if _value(value) != usual.get(name):
            patch = patch.set(_escaped(name), _value(value))
    if not patch and recurrence_id not in overrides:
        return content
    return content.set("recurrenceOverrides", overrides.set(recurrence_id, patch))


def without(patch: Content, fields: Mapping[str, Any]) -> Content:
    """Return a patch without what it says of some fields, or of what is in them."""
    heads = {_escaped(name) for name in fields}
    for path in patch:
        if path.partition("/")[0] in heads:
            patch = patch.discard(path)
    return patch


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def excluded_once(content: Content, recurrence_id: str) -> Content:
    """Return a series without one of its times."""
    overrides = content.get("recurrenceOverrides", _NONE)
    time = local_of(recurrence_id)
    if time is not None and is_by_rules(content, time):
        overrides = overrides.set(recurrence_id, frozen({"excluded": True}))
    else:
        overrides = overrides.discard(recurrence_id)
    if overrides:
        return content.set("recurrenceOverrides", overrides)
    return content.discard("recurrenceOverrides")


# All of it, moved


def changed_all(content: Content, at: str, fields: Mapping[str, Any]) -> Content:
    """Return a series with other fields; a `start` is meant for its time `at`, all move as far."""
    others = {name: value for name, value in fields.items() if name != "start"}
    was, to, start = local_of(at), local_of(fields.get("start")), first_time(content)
    if to is not None and (was is None or start is None):
        content = content.set("start", fields["start"])
    elif to is not None and was is not None and to != was:
        content = moved(content, to - was)
    return changed(content, others)


def moved(content: Content, delta: timedelta) -> Content:
    """Return a series that begins earlier or later, with all that is told by times in it.

    Overrides and ends of rules move along. Where rules name the day of the start, they name the new
    one: each Monday becomes each Tuesday.
    """
    start = first_time(content)
    if start is None:
        return content
    to = plus(start, delta)
    overrides = content.get("recurrenceOverrides")
    if overrides:
        there = {
            local_text(plus(time, delta)): patch
            for key, patch in overrides.items()
            if (time := local_of(key)) is not None
        }
        content = content.set("recurrenceOverrides", frozen(there))
    for name in _RULES:
        if content.get(name):
            rules = [_moved_rule(plain(rule), start, to, delta) for rule in content[name]]
            content = content.set(name, _value(rules))
    return content.set("start", local_text(to))


def _moved_rule(
    rule: dict[str, Any], start: datetime, to: datetime, delta: timedelta
) -> dict[str, Any]:
    until = local_of(rule.get("until"))
    if until is not None:
        rule["until"] = local_text(plus(until, delta))
    if rule.get("byMonthDay") == [start.day]:
        rule["byMonthDay"] = [to.day]
    if rule.get("byMonth") == [str(start.month)]:
        rule["byMonth"] = [str(to.month)]
    days: list[dict[str, Any]] = [
        {"day": each} if isinstance(each, str) else each for each in rule.get("byDay", ())
    ]
    if days:
        rule["byDay"] = days
    if rule.get("frequency") == "weekly":
        by = to.weekday() - start.weekday()
        for each in days:
            each["day"] = WEEKDAYS[(WEEKDAYS.index(each["day"]) + by) % 7]
    elif len(days) == 1 and days[0]["day"] == WEEKDAYS[start.weekday()]:
        days[0]["day"] = WEEKDAYS[to.weekday()]
        if days[0].get("nthOfPeriod") == _nth(start):
            days[0]["nthOfPeriod"] = _nth(to)
    return rule


def _nth(day: datetime) -> int:
    """Return which of its weekday in its month a day is."""
    return (day.day - 1) // 7 + 1


# From one time on


def split(
    content: Content, recurrence_id: str, uids: tuple[str, str], fields: Mapping[str, Any]
) -> tuple[Content, Content]:
    """Return the two series that one becomes where it changes from one of its times on.

    Args:
        content: the series.
        recurrence_id: where it changes; not its first time.
        uids: of the series, and of the one that goes on.
        fields: what is different from there on.

    Raises:
        InvalidParam: the series can't be cut there.
    """
    later = rest(content, recurrence_id, uids[0])
    overrides = later.get("recurrenceOverrides", _NONE)
    if recurrence_id in overrides:
        # Who changes this time and what follows does not want to see this one as it was.
        patch = without(overrides[recurrence_id], fields)
        later = later.set("recurrenceOverrides", overrides.set(recurrence_id, patch))
    return followed(cut(content, recurrence_id), uids[1]), changed_all(later, recurrence_id, fields)


def cut(content: Content, recurrence_id: str) -> Content:
    """Return a series that ends before one of its times, which is not its first.

    Raises:
        InvalidParam: the series can't be cut there.
    """
    time = _cutting_time(content, recurrence_id)
    end = local_text(time - timedelta(seconds=1))
    rules = [_ended(plain(rule), end) for rule in content.get("recurrenceRules", ())]
    return _with_series(content, rules, {key for key in _overrides(content) if key < recurrence_id})


def rest(content: Content, recurrence_id: str, first_uid: str) -> Content:
    """Return the series that goes on at one of the times of another one, which is not its first.

    Args:
        content: the series that is cut there.
        recurrence_id: where.
        first_uid: of that series.

    Raises:
        InvalidParam: the series can't be cut there.
    """
    time = _cutting_time(content, recurrence_id)
    rules = [_remaining(content, plain(rule), time) for rule in content.get("recurrenceRules", ())]
    kept = {key for key in _overrides(content) if key >= recurrence_id}
    made = _with_series(content, rules, kept).set("start", recurrence_id)
    related = {
        uid: relation
        for uid, relation in content.get("relatedTo", _NONE).items()
        if "first" not in relation.get("relation", ())
    }
    first = frozen({"@type": "Relation", "relation": {"first": True}})
    made = made.set("relatedTo", frozen({**related, first_of(content, first_uid): first}))
    return made.discard("uid").set("sequence", 0)


def first_of(content: Content, uid: str) -> str:
    """Return the uid of the first series of those that an event is one of."""
    related = content.get("relatedTo", _NONE)
    found = (name for name in sorted(related) if "first" in related[name].get("relation", ()))
    return next(found, uid)


def followed(content: Content, next_uid: str) -> Content:
    """Return a series that says which one goes on after it."""
    related = {
        uid: relation
        for uid, relation in content.get("relatedTo", _NONE).items()
        if "next" not in relation.get("relation", ())
    }
    after = frozen({"@type": "Relation", "relation": {"next": True}})
    return content.set("relatedTo", frozen({**related, next_uid: after}))


def _overrides(content: Content) -> Content:
    overrides: Content = content.get("recurrenceOverrides", _NONE)
    return overrides


def _with_series(content: Content, rules: list[dict[str, Any]], kept: set[str]) -> Content:
    overrides = frozen({key: patch for key, patch in _overrides(content).items() if key in kept})
    content = content.set("recurrenceRules", _value(rules))
    content = content.set("recurrenceOverrides", overrides)
    for name in SERIES:
        if not content.get(name):
            content = content.discard(name)
    return content


def _cutting_time(content: Content, recurrence_id: str) -> datetime:
    """Return where to cut, if what follows is then the same as before.

    A rule begins anew with the second series, so it must come by there: else every second week
    would become the other ones.
    """
    time = local_of(recurrence_id)
    rules = [rule for name in _RULES for rule in content.get(name, ())]
    one_by_one = all(rule.get("interval", 1) == 1 and "count" not in rule for rule in rules)
    if time is None or (len(rules) > 1 and not one_by_one):
        raise InvalidParam(
            "recurrence_id: a series of several rules that count or leave periods out can't be cut;"
            " change all of it, or one time."
        )
    if rules and not is_by_rules(content, time):
        raise InvalidParam(
            f"recurrence_id: {recurrence_id} was added to the series; cut it at a time of its rules."
        )
    return time


def _ended(rule: dict[str, Any], end: str) -> dict[str, Any]:
    rule.pop("count", None)
    until = rule.get("until")
    rule["until"] = end if until is None else min(until, end)
    return rule


def _remaining(content: Content, rule: dict[str, Any], time: datetime) -> dict[str, Any]:
    if "count" in rule:
        gone = starts_before(content, rule, time)
        if gone is None or gone >= rule["count"]:
            raise InvalidParam("recurrence_id: so many times can't be counted; change all of it.")
        rule["count"] -= gone
    return rule
