"""Check: whether this machine's clock is right.

Other servers refuse what is signed far from their own time, and tokens, reminders and certificates
go by it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from statistics import median
from typing import Final

from twin_module.core.canonical import shown
from twin_module.host.doctor.finding import Finding, ok, problem, skipped, warning
from twin_module.host.doctor.world import Answer

CHECK: Final = "clock"
WRONG: Final = timedelta(seconds=60)
ENOUGH: Final = 2
"""One server alone may have a wrong clock itself."""
FIX: Final = "Switch on time synchronisation: `timedatectl set-ntp true`, or install chrony."


def look_at_clock(
    *,
    now: datetime,
    kept: bool | None,
    answers: Mapping[str, Answer],
    newest_received: int | None,
) -> list[Finding]:
    """Compare this machine's clock with others' and with its own past.

    Args:
        now: what it says.
        kept: whether something keeps it right, None where nobody can say.
        answers: of servers on other machines, by their names.
        newest_received: when the newest event came, by this clock, in milliseconds since 1970.
    """
    found = []
    if newest_received is not None and newest_received - now.timestamp() * 1000 > _ms(WRONG):
        found.append(
            problem(
                CHECK,
                f"The newest event came in the future ({_time(newest_received)}): the clock is behind, or was ahead.",
                FIX,
            )
        )
    drifts = {name: d for name, each in answers.items() if (d := _drift(each)) is not None}
    if drifts:
        found += _compare(drifts)
    if kept is False:
        found.append(warning(CHECK, "Nothing keeps this machine's clock right.", FIX))
    if found:
        return found
    if drifts:
        ahead = median(drifts.values())
        return [
            ok(CHECK, f"It is within {abs(ahead):.0f} s of what {len(drifts)} other servers say.")
        ]
    if kept is None:
        return [skipped(CHECK, "There is nothing to compare it with.")]
    return [ok(CHECK, "Something keeps it right.")]


def _compare(drifts: Mapping[str, float]) -> list[Finding]:
    ahead = median(drifts.values())
    if abs(ahead) <= WRONG.total_seconds():
        return []
    names = ", ".join(shown(each) for each in drifts)
    way = "ahead of" if ahead > 0 else "behind"
    says = f"It is {abs(ahead):.0f} s {way} what {names} {'say' if len(drifts) > 1 else 'says'}."
    return [(problem if len(drifts) >= ENOUGH else warning)(CHECK, says, FIX)]


def _drift(answer: Answer) -> float | None:
    """Return how many seconds this machine is ahead of a server's `Date`, which leaves out fractions."""
    try:
        date = parsedate_to_datetime(answer.headers.get("date", ""))
        return (answer.received - date.replace(tzinfo=date.tzinfo or UTC)).total_seconds() - 0.5
    except (ValueError, TypeError, OverflowError):
        return None


def _ms(span: timedelta) -> float:
    return span.total_seconds() * 1000


def _time(milliseconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return "a time that is none"
