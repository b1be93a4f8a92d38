"""What the database knows of the twin's tables after many objects came."""

import pytest

from twin_module.engine import statistics
from twin_module.testing.person import Person, eventually
from twin_module.testing.twins import Twin


@pytest.mark.parametrize("start_twin", ["postgres"], indirect=True)
def test_after_a_large_import_the_database_knows_at_once_how_many_objects_there_are(
    alice: Person, alices_twin: Twin
) -> None:
    room = alice.post("collections", {"name": "Many"})["room_id"]
    for table in statistics.TABLES:
        # So that nobody else tells it.
        alices_twin.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
    objects = [
        {
            "capability": "tasks",
            "uid": f"t{number}",
            "content": {"@type": "Task", "title": f"Task {number}"},
        }
        for number in range(statistics.MANY)
    ]
    alice.post(f"rooms/{room}/objects", {"objects": objects})
    eventually(lambda: known(alices_twin) >= statistics.MANY, what="it was told")


def known(twin: Twin) -> int:
    """Return how many objects PostgreSQL takes the table for."""
    [(number,)] = twin.rows("SELECT reltuples FROM pg_class WHERE relname = 'twin_objects'")
    return int(number)
