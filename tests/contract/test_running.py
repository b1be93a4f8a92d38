"""Time, locks and transactions."""

import re

import pytest

from tests.contract.conftest import Side
from twin_module.core.capability import UID_PATTERN
from twin_module.core.ports import Homeserver
from twin_module.testing.person import eventually

TABLE = "CREATE TABLE IF NOT EXISTS contract (name TEXT PRIMARY KEY, value BIGINT)"


def write(side: Side, name: str, value: int) -> None:
    """Write a row in a transaction of its own."""

    def work(cursor) -> None:
        cursor.execute(TABLE)
        cursor.execute(
            "INSERT INTO contract VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    side.run(side.port.transact("contract", work))


def read(side: Side, name: str) -> int | None:
    """Read a row."""

    def work(cursor):
        cursor.execute("SELECT value FROM contract WHERE name = ?", (name,))
        return cursor.fetchone()

    row = side.run(side.port.transact("contract", work))
    return row[0] if row else None


def test_a_transaction_returns_what_its_work_returns(alice: Side) -> None:
    write(alice, "returned", 5)
    assert read(alice, "returned") == 5
    assert read(alice, "nothing") is None


def test_a_transaction_that_fails_leaves_nothing(alice: Side) -> None:
    write(alice, "kept", 1)

    def work(cursor) -> None:
        cursor.execute("UPDATE contract SET value = 2 WHERE name = 'kept'")
        cursor.execute("INSERT INTO contract VALUES ('new', 1)")
        raise LookupError("on purpose")

    with pytest.raises(LookupError):
        alice.run(alice.port.transact("contract", work))
    assert (read(alice, "kept"), read(alice, "new")) == (1, None)


def test_a_transaction_that_the_database_gave_up_is_run_again_from_the_start(alice: Side) -> None:
    write(alice, "runs", 0)
    attempts = []

    def work(cursor) -> None:
        attempts.append(1)
        cursor.execute("UPDATE contract SET value = value + 1 WHERE name = 'runs'")
        if len(attempts) < 3:
            raise alice.gave_up("on purpose")

    alice.run(alice.port.transact("contract", work))
    assert len(attempts) == 3
    assert read(alice, "runs") == 1


def test_a_transaction_that_the_database_gives_up_for_good_fails(alice: Side) -> None:
    def work(cursor) -> None:
        raise alice.gave_up("on purpose")

    with pytest.raises(alice.gave_up):
        alice.run(alice.port.transact("contract", work))


async def _visit(port: Homeserver, lock: str, name: str, visits: list[str]) -> None:
    async with port.lock(lock):
        visits.append(f"{name} comes")
        await port.transact("contract", lambda cursor: cursor.execute(TABLE))
        visits.append(f"{name} goes")


def test_a_lock_lets_one_in_at_a_time_first_come_first_served(alice: Side) -> None:
    visits: list[str] = []
    alice.together(*(_visit(alice.port, "door", name, visits) for name in "abc"))
    assert visits == [f"{name} {what}" for name in "abc" for what in ("comes", "goes")]


def test_different_locks_do_not_wait_for_each_other(alice: Side) -> None:
    visits: list[str] = []
    alice.together(*(_visit(alice.port, name, name, visits) for name in "abc"))
    assert {each.split()[1] for each in visits[:2]} == {"comes"}


def test_a_lock_is_free_after_an_error(alice: Side) -> None:
    async def fail() -> None:
        async with alice.port.lock("error"):
            raise LookupError("on purpose")

    with pytest.raises(LookupError):
        alice.run(fail())
    visits: list[str] = []
    alice.run(_visit(alice.port, "error", "a", visits))
    assert visits == ["a comes", "a goes"]


def test_of_two_ports_on_one_database_one_has_a_claim(alice: Side) -> None:
    first, second = alice.port, alice.second_port()

    async def work() -> list[bool]:
        claim = await first.claim("contract")
        assert claim is not None
        async with claim:
            taken = [await second.claim("contract"), await first.claim("contract")]
            other = await second.claim("contract other")
            assert other is not None
            async with other:
                pass
        free = await second.claim("contract")
        assert free is not None
        async with free:
            pass
        return [each is None for each in taken]

    assert alice.run(work()) == [True, True]


def test_a_claim_is_free_after_an_error(alice: Side) -> None:
    async def fail() -> None:
        claim = await alice.port.claim("contract error")
        assert claim is not None
        async with claim:
            raise LookupError("on purpose")

    async def again() -> bool:
        claim = await alice.port.claim("contract error")
        assert claim is not None
        async with claim:
            return True

    with pytest.raises(LookupError):
        alice.run(fail())
    assert alice.run(again())


def test_a_call_comes_later_and_once(alice: Side) -> None:
    calls: list[str] = []

    async def plan() -> None:
        alice.port.call_later(0.2, lambda: calls.append("second"))
        alice.port.call_later(0.05, lambda: calls.append("first"))
        taken_back = alice.port.call_later(0.1, lambda: calls.append("never"))
        assert calls == []
        taken_back()
        taken_back()

    alice.run(plan())
    alice.pass_time(0.3)
    eventually(lambda: "second" in calls, what="the calls come")
    assert calls == ["first", "second"]


def test_who_sleeps_lets_others_go_on(alice: Side) -> None:
    done: list[str] = []

    async def work(name: str, seconds: float) -> None:
        await alice.port.sleep(seconds)
        done.append(name)

    async def begin() -> None:
        done.append("others")

    alice.together(work("first", 0.05), begin())
    assert done == ["others", "first"]


def test_taking_back_a_call_that_came_does_nothing(alice: Side) -> None:
    calls: list[int] = []

    async def plan():
        return alice.port.call_later(0, lambda: calls.append(1))

    take_back = alice.run(plan())
    alice.pass_time(1)
    eventually(lambda: calls, what="the call comes")

    async def later() -> None:
        take_back()

    alice.run(later())


def test_work_in_the_background_is_done_and_known_until_then(alice: Side) -> None:
    done: list[int] = []

    async def work() -> None:
        await alice.port.transact("contract", lambda cursor: cursor.execute("SELECT 1"))
        done.append(1)

    async def begin() -> None:
        assert "contract" not in alice.port.under_way()
        alice.port.background("contract", work)
        assert "contract" in alice.port.under_way()

    alice.run(begin())
    work_off = getattr(alice.port, "work_off", None)
    if work_off is not None:
        work_off()
    eventually(lambda: done == [1], what="the work is done")
    eventually(lambda: "contract" not in alice.port.under_way(), what="it is over")


def test_work_that_fails_is_over_as_well(alice: Side) -> None:
    async def fail() -> None:
        raise LookupError("on purpose")

    async def begin() -> None:
        alice.port.background("contract failing", fail)

    alice.run(begin())
    work_off = getattr(alice.port, "work_off", None)
    if work_off is not None:
        with pytest.raises(LookupError):
            work_off()
    eventually(lambda: "contract failing" not in alice.port.under_way(), what="it is over")


def test_time_is_in_milliseconds_and_goes_on(alice: Side) -> None:
    async def now() -> int:
        return alice.port.now()

    first = alice.run(now())
    assert 1_700_000_000_000 < first < 4_000_000_000_000
    alice.pass_time(0.01)
    eventually(lambda: alice.run(now()) > first, what="time goes on")


def test_every_uid_is_new_and_fits_a_state_key(alice: Side) -> None:
    uids = [alice.port.new_uid() for _ in range(200)]
    assert len(set(uids)) == 200
    assert all(re.fullmatch(UID_PATTERN, uid) for uid in uids)
