"""What is said of reminders in German; in English it stands in test_reminders.py."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from twin_module.core import reminder_texts
from twin_module.core.one_line import one_line
from twin_module.core.reminders import Reminder
from twin_module.engine.settings import LANGUAGES

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 6, 30, 8, tzinfo=UTC)


def reminder(
    title: str = "Zahnarzt",
    *,
    place: str = "",
    is_task: bool = False,
    only_days: bool = False,
    time: datetime | None = NOW + timedelta(days=1),
) -> Reminder:
    return Reminder(NOW, "1", None, title, place, is_task, only_days, time)


@pytest.mark.parametrize(
    ("each", "text"),
    [
        (reminder(place="Praxis <X>"), "Zahnarzt, morgen um 10:00 (Praxis <X>)"),
        (reminder(time=NOW), "Zahnarzt, heute um 10:00"),
        (reminder("Miete", is_task=True), "Miete, fällig morgen um 10:00"),
        (reminder("Miete", is_task=True, only_days=True), "Miete, fällig morgen"),
        (reminder("\u200b", time=NOW + timedelta(days=3)), "Etwas ohne Titel, am Freitag um 10:00"),
        (reminder("Anrufen", is_task=True, time=None), "Anrufen"),
    ],
)
def test_a_reminder_is_said_in_german(each: Reminder, text: str) -> None:
    assert reminder_texts.one(each, NOW, BERLIN, "de").body == text


def test_several_are_said_in_german_in_both_forms() -> None:
    above = reminder_texts.heading("quiet", "de")
    [(_, said)] = reminder_texts.several(above, [reminder("A"), reminder("<B>")], NOW, BERLIN, "de")
    assert said.body == ("Während deiner Ruhezeit:\n- A, morgen um 10:00\n- <B>, morgen um 10:00")
    assert said.html == (
        "<p>Während deiner Ruhezeit:</p><ul><li><strong>A</strong>, morgen um 10:00</li>"
        "<li><strong>&lt;B&gt;</strong>, morgen um 10:00</li></ul>"
    )


def test_what_was_held_back_is_counted_in_german() -> None:
    assert reminder_texts.held_back(1, 200, "de").body.endswith("1 weitere wurde zurückgehalten.")
    assert reminder_texts.held_back(7, 200, "de").body == (
        "In einer Stunde kamen mehr als 200 Erinnerungen; 7 weitere wurden zurückgehalten."
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_heading(language: str) -> None:
    headings = {reminder_texts.heading(kind, language) for kind in ("late", "quiet", "several")}
    assert len(headings) == 3


def test_one_line_leaves_out_what_is_not_seen_and_ends_what_is_too_long() -> None:
    assert one_line("a\n\tb\u202ec\u0000d", 20) == "a bcd"
    assert one_line("x" * 60_000, 5) == "xxxx…"
    assert one_line("abc  \n def", 5) == "abc…"
    assert one_line("\u200b\u2066", 5) == ""
