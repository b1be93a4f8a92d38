"""Hypothesis strategies for JSCalendar (RFC 8984): events and tasks that iCalendar has a form for."""

import json
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from twin_module.core.ics.people import key_in_text
from twin_module.core.jscalendar import duration_text
from twin_module.testing.json_strategies import texts

Content: TypeAlias = dict[str, Any]

ZONES: Final = (
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Etc/UTC",
    "Australia/Lord_Howe",
)
_CALLS: Final = ("https://example.org/a", "https://example.zoom.us/j/1")


@st.composite
def _locals(draw: st.DrawFn) -> str:
    start = datetime(2024, 1, 1)  # noqa: DTZ001 - local by its meaning
    return (start + timedelta(minutes=draw(st.integers(0, 1_500_000)))).isoformat()


def _utcs() -> SearchStrategy[str]:
    return _locals().map(lambda text: f"{text}Z")


def _free_texts() -> SearchStrategy[str]:
    return texts(1, 20).map(lambda text: text.replace("\r", "").replace("\x1a", "")).filter(bool)


def _rules() -> SearchStrategy[Content]:
    days = st.fixed_dictionaries(
        {"@type": st.just("NDay"), "day": st.sampled_from(["mo", "we", "su"])},
        optional={"nthOfPeriod": st.sampled_from([1, -1, 2])},
    )
    ends = st.one_of(
        st.just({}),
        st.builds(lambda count: {"count": count}, st.integers(1, 50)),
        _locals().map(lambda until: {"until": until}),
    )
    rule = st.fixed_dictionaries(
        {
            "@type": st.just("RecurrenceRule"),
            "frequency": st.sampled_from(["yearly", "monthly", "weekly", "daily", "hourly"]),
        },
        optional={
            "interval": st.integers(1, 10),
            "byDay": st.lists(days, min_size=1, max_size=3),
            "byMonth": st.just(["1", "12"]),
            "byMonthDay": st.just([-1, 15]),
            "bySetPosition": st.just([1, -1]),
            "firstDayOfWeek": st.just("su"),
            "skip": st.just("forward"),
            "rscale": st.just("gregorian"),
        },
    )
    return st.builds(lambda one, two: {**one, **two}, rule, ends)


def _alerts() -> SearchStrategy[Content]:
    offset = st.fixed_dictionaries(
        {
            "@type": st.just("OffsetTrigger"),
            "offset": st.sampled_from(["-PT15M", "PT0S", "-P1D", "-P1DT2H"]),
        },
        optional={"relativeTo": st.just("end")},
    )
    absolute = st.builds(lambda when: {"@type": "AbsoluteTrigger", "when": when}, _utcs())
    alert = st.fixed_dictionaries(
        {
            "@type": st.just("Alert"),
            "trigger": offset | absolute,
            "action": st.sampled_from(["display", "email"]),
        },
        optional={"acknowledged": _utcs()},
    )
    numbered = st.lists(alert, min_size=1, max_size=3).map(_numbered)
    return numbered | st.dictionaries(st.sampled_from(["a", "B-1"]), alert, min_size=1)


def _numbered(values: list[Any]) -> Content:
    return {str(index): value for index, value in enumerate(values, 1)}


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


_DAVE: Final[Content] = {"sendTo": {"imip": "mailto:dave@example.org"}}
_PEOPLE: Final[dict[str, Content]] = {
    "@bob:example.org": {},
    "@carol:example.org": {},
    key_in_text("", _DAVE) or "": _DAVE,
}


def _part() -> SearchStrategy[Content]:
    return st.fixed_dictionaries(
        {
            "@type": st.just("Participant"),
            "roles": st.sampled_from(
                [
                    {"attendee": True},
                    {"attendee": True, "optional": True},
                    {"attendee": True, "chair": True},
                    {"informational": True},
                ]
            ),
        },
        optional={
            "name": _free_texts().map(lambda text: "".join(filter(str.isprintable, text)) or "x"),
            "kind": st.sampled_from(["individual", "location", "group", "resource"]),
            "participationStatus": st.sampled_from(["needs-action", "accepted", "declined"]),
            "expectReply": st.just(True),
            "email": st.just("other@example.org"),
        },
    )


@st.composite
def _people(draw: st.DrawFn) -> Content:
    keys = draw(st.lists(st.sampled_from(list(_PEOPLE)), unique=True, min_size=1))
    people = {key: {**draw(_part()), **_PEOPLE[key]} for key in keys}
    if not draw(st.booleans()):
        return {"participants": people}
    owner = people[keys[0]]
    owner["roles"] = draw(st.sampled_from([{}, owner["roles"]])) | {"owner": True}
    return {"participants": people} | ({"replyTo": owner["sendTo"]} if "sendTo" in owner else {})


def _optional() -> dict[str, SearchStrategy[Any]]:
    place = st.fixed_dictionaries(
        {"@type": st.just("Location"), "name": _free_texts()},
        optional={"coordinates": st.just("geo:52.5,-13.4")},
    )
    link = st.fixed_dictionaries(
        {"@type": st.just("Link"), "href": st.just("https://example.org/a")},
        optional={"rel": st.sampled_from(["enclosure", "alternate"]), "title": st.just("A: b")},
    )
    data = st.builds(
        lambda kind: (
            {"@type": "Link", "href": f"data:{kind};base64,aGVsbG8=", "rel": "enclosure"}
            | ({"contentType": kind} if kind else {})
        ),
        st.sampled_from(["", "text/plain"]),
    )
    call = st.fixed_dictionaries(
        {"@type": st.just("VirtualLocation"), "uri": st.sampled_from(_CALLS)},
        optional={"name": st.just("Call"), "features": st.just({"audio": True, "video": True})},
    )
    relation = {"@type": "Relation", "relation": {"parent": True}}
    return {
        "description": _free_texts(),
        "keywords": st.dictionaries(
            texts(1, 8).map(str.strip).filter(lambda t: t and t.isprintable()),
            st.just(True),
            min_size=1,
        ),
        "color": st.sampled_from(["red", "#00ff00"]),
        "privacy": st.sampled_from(["public", "private", "secret"]),
        "priority": st.integers(0, 9),
        "sequence": st.integers(0, 100),
        "freeBusyStatus": st.sampled_from(["free", "busy"]),
        "locations": place.map(lambda each: {"1": each}),
        "links": st.lists(link | data, min_size=1, max_size=3, unique_by=_json).map(_numbered),
        "virtualLocations": st.lists(
            call, min_size=1, max_size=2, unique_by=lambda each: str(each["uri"])
        ).map(_numbered),
        "alerts": _alerts(),
        "relatedTo": st.just({"parent-1": relation}),
        "method": st.sampled_from(["request", "cancel"]),
    }


@st.composite
def _objects(draw: st.DrawFn, kind: str, more: dict[str, SearchStrategy[Any]]) -> Content:
    fields = {"@type": st.just(kind), "title": _free_texts()}
    content: Content = draw(st.fixed_dictionaries(fields, optional={**_optional(), **more}))
    content |= draw(_people() | st.just({}))
    created = draw(st.none() | _utcs())
    if created:
        content["created"] = created
    if draw(st.booleans()):
        content["updated"] = draw(_utcs())
    return content


@st.composite
def events(draw: st.DrawFn) -> Content:
    """Return a JSCalendar Event that iCalendar has a form for, series with overrides too."""
    content = draw(_objects("Event", {"status": st.sampled_from(["confirmed", "tentative"])}))
    start = draw(_locals())
    lasts = st.integers(1, 5000).map(lambda minutes: duration_text(timedelta(minutes=minutes)))
    if draw(st.booleans()):
        days = draw(st.integers(1, 10))
        content |= {"start": f"{start[:10]}T00:00:00", "showWithoutTime": True}
        content["duration"] = f"P{days}D"
    else:
        content["start"] = start
        content["duration"] = draw(lasts | st.sampled_from(["PT90M", "P1W", "PT36H"]))
        if draw(st.booleans()):
            content["timeZone"] = draw(st.sampled_from(ZONES))
    if draw(st.booleans()):
        content |= draw(_series(content))
    return content


@st.composite
def _series(draw: st.DrawFn, content: Content) -> Content:
    found: Content = {}
    rules = draw(st.lists(_rules(), max_size=2, unique_by=_json))
    for rule in rules:
        if "until" in rule:
            rule["until"] = f"{rule['until'][:10]}{content['start'][10:]}"
    if rules:
        found["recurrenceRules"] = rules
    patches = st.one_of(
        st.just({"excluded": True}),
        st.just({}),
        st.just({"title": "Another"}),
        st.builds(
            lambda day: {"start": f"2025-01-0{day}{content['start'][10:]}"}, st.integers(1, 9)
        ),
        *([st.just({"description": None, "color": "blue"})] if "description" in content else []),
        *([st.just({"alerts": None, "title": "Quiet"})] if "alerts" in content else []),
    )
    days = draw(st.lists(st.integers(1, 28), unique=True, max_size=4))
    overrides = {f"2024-03-{day:02}{content['start'][10:]}": draw(patches) for day in days}
    overrides = {
        key: {path: value for path, value in patch.items() if value is not None or path in content}
        if patch.get("title") != content["title"]
        else {"excluded": True}
        for key, patch in overrides.items()
    }
    if overrides:
        found["recurrenceOverrides"] = overrides
    return found


@st.composite
def tasks(draw: st.DrawFn) -> Content:
    """Return a JSCalendar Task that iCalendar has a form for."""
    content = draw(
        _objects(
            "Task",
            {
                "progress": st.sampled_from(
                    ["needs-action", "in-process", "completed", "failed", "cancelled"]
                ),
                "percentComplete": st.integers(0, 100),
                "estimatedDuration": st.sampled_from(["PT1H", "P1D"]),
            },
        )
    )
    if content.get("progress") == "completed" and draw(st.booleans()):
        content["progressUpdated"] = draw(_utcs())
    is_day = draw(st.booleans())
    for name in draw(st.sampled_from([[], ["due"], ["start"], ["start", "due"]])):
        time = draw(_locals())
        content[name] = f"{time[:10]}T00:00:00" if is_day else time
        if is_day:
            content["showWithoutTime"] = True
    if not is_day and ("due" in content or "start" in content) and draw(st.booleans()):
        content["timeZone"] = draw(st.sampled_from(ZONES))
    return content
