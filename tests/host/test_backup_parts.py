"""The pure parts of backups: which are kept, where dumps are cut, times that people write."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, strategies as st

from twin_module.host.backup.opening import moment_of
from twin_module.host.backup.owner_key import new_key, read_keys, seal, unseal
from twin_module.host.backup.packing import OBJECT_BYTES, cut_by_content
from twin_module.host.backup.restore import moved
from twin_module.host.backup.retention import Keep, outdated
from twin_module.host.backup.snapshot import stamp, time_of
from twin_module.host.errors import HostError

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TIMES = st.sets(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    max_size=60,
)


# What is kept


@given(TIMES, st.integers(0, 10), st.integers(0, 10))
def test_the_newest_of_each_day_and_week_stays(
    times: set[datetime], daily: int, weekly: int
) -> None:
    kept = times - set(outdated(times, Keep(daily, weekly)))
    assert bool(kept) == bool(times)
    assert len(kept) <= max(1, daily + weekly)
    newest_of_days = {each.date(): each for each in sorted(times)}
    newest_of_weeks = {each.isocalendar()[:2]: each for each in sorted(times)}
    wanted = {*sorted(newest_of_days.values())[-daily:]} if daily else set()
    wanted |= {*sorted(newest_of_weeks.values())[-weekly:]} if weekly else set()
    assert kept == wanted | set(sorted(times)[-1:])


def test_a_backup_every_six_hours_for_a_year_leaves_twelve_at_most() -> None:
    kept: list[datetime] = []
    for number in range(4 * 365):
        kept.append(NOW + timedelta(hours=6 * number))
        gone = outdated(kept, Keep())
        kept = [each for each in kept if each not in gone]
    assert 10 <= len(kept) <= 12
    assert timedelta(weeks=3) < kept[-1] - kept[0] < timedelta(weeks=5)


# Where dumps are cut


def in_parts(data: bytes, length: int) -> list[bytes]:
    return [data[at : at + length] for at in range(0, len(data), length)]


@given(st.integers(), st.integers(1, 5_000_000), st.lists(st.integers(0, 3_000_000), max_size=5))
def test_pieces_are_the_whole_however_it_arrives(
    seed: int, length: int, line_lengths: list[int]
) -> None:
    chance = random.Random(seed)
    data = b"\n".join(chance.randbytes(each) for each in line_lengths)
    pieces = list(cut_by_content(in_parts(data, length)))
    assert b"".join(pieces) == data
    assert all(0 < len(each) <= OBJECT_BYTES for each in pieces)


def test_what_is_put_in_between_changes_few_pieces() -> None:
    chance = random.Random(1)
    lines = [chance.randbytes(150).hex().encode() + b"\n" for _ in range(20_000)]
    before = set(cut_by_content([b"".join(lines)]))
    assert len(before) > 100
    lines[10_000:10_000] = [b"new\n"] * 10
    after = set(cut_by_content([b"".join(lines)]))
    assert len(after - before) <= 2


def test_where_a_stream_is_cut_does_not_depend_on_how_it_arrives() -> None:
    chance = random.Random(1)
    data = b"".join(chance.randbytes(100).hex().encode() + b"\n" for _ in range(5000))
    assert list(cut_by_content([data])) == list(cut_by_content(in_parts(data, 777)))


# Sealing


@given(st.binary(max_size=5000), st.booleans())
def test_what_is_sealed_is_opened_again(data: bytes, is_plain: bool) -> None:
    whole = data * 20 if is_plain else data
    with TemporaryDirectory() as folder:
        path = Path(folder, "key.txt")
        public = new_key(path, NOW)
        assert unseal(seal(whole, public), read_keys(path), len(whole) + 1) == whole


# Words and paths


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("latest", None),
        ("2026-03-01", datetime(2026, 3, 1, 23, 59, 59, 999_999, tzinfo=UTC)),
        ("2026-03-01T12:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T12:00:00+02:00", datetime(2026, 3, 1, 10, tzinfo=UTC)),
    ],
)
def test_a_moment_is_named_in_words_or_by_iso_8601(text: str, moment: datetime | None) -> None:
    assert moment_of(text) == moment


def test_what_is_no_moment_is_answered_with_examples() -> None:
    with pytest.raises(HostError, match="'yesterday' is no time: write latest, a day like"):
        moment_of("yesterday")


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_stamp_says_its_time(time: datetime) -> None:
    if time.year >= 1000:
        assert time_of(stamp(time)) == time


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (b"a: /data/alice/media\n", b"a: /new/media\n"),
        (b'a: "/data/alice"\n', b'a: "/new"\n'),
        (b"a: /data/alice2/media\n", b"a: /data/alice2/media\n"),
        (b"a: /data/alice.old\n", b"a: /data/alice.old\n"),
        (b"a: /mnt/data/alice/x\n", b"a: /mnt/data/alice/x\n"),
        (b"/data/alice:/data/alice/", b"/new:/new/"),
    ],
)
def test_a_folder_is_replaced_only_where_it_is_meant(text: bytes, result: bytes) -> None:
    assert moved(text, b"/data/alice", b"/new") == result
