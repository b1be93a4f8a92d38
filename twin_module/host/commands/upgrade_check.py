"""A process that tries out what is installed, before a running host becomes it: `upgrade_check DATA`.

It imports all that a host does, and reads all options and configurations, each as the user of its
twin: a configuration names modules, which are run. The last line of its output is JSON.
"""

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from twin_module.host.commands import up  # noqa: F401 - what `twin up` imports
from twin_module.host.doctor.books import Unreadable, read_steadily
from twin_module.host.doctor.patient import read_patient
from twin_module.host.doctor.record import Record, read_record
from twin_module.host.doctor.synapse_child import refusal
from twin_module.host.errors import HostError
from twin_module.host.options import read_options
from twin_module.host.places import Places
from twin_module.host.shard.warm_up import warm_up
from twin_module.host.table import Entry, read_table
from twin_module.host.users import Users


def look_at(places: Places, entry: Entry) -> dict[str, Any]:
    """Return what is to be known of a twin: why it would not start, and the versions of its tables."""
    patient = read_patient(places.data, entry.name)
    fault = patient.fault or refusal(patient.yaml)
    if fault is not None:
        return {"fault": " ".join(f"{patient.yaml}: {fault}".split())}
    records: list[Record] = []
    if patient.database_file is None or patient.database_file.exists():
        try:
            read_steadily(
                patient, lambda books: records.append(read_record(books, entry.server_name))
            )
        except Unreadable as error:
            return {"fault": f"The database of {entry.name} can't be read: {error}."}
    record = records[-1] if records else Record()
    return {
        "schema": record.schema,
        "compatible": record.compatible,
        "twin_schema": record.twin_schema,
    }


def main() -> None:
    """Say it."""
    # Not at the top of the file: before it is known that all of it can be imported.
    from synapse.storage.schema import SCHEMA_COMPAT_VERSION, SCHEMA_VERSION  # noqa: PLC0415

    from twin_module.engine.store import SCHEMA  # noqa: PLC0415

    places, users = Places(Path(sys.argv[1])), Users()
    said: dict[str, Any] = {
        "schema": SCHEMA_VERSION,
        "compatible": SCHEMA_COMPAT_VERSION,
        "twin_schema": len(SCHEMA),
        "twins": {},
    }
    try:
        read_options(places.options)
        warm_up()
        for entry in read_table(places.data).values():
            if entry.state == "up":
                account = users.of_domain(entry.trust)
                said["twins"][entry.name] = users.do_as(account, partial(look_at, places, entry))
    except HostError as error:
        said = {"refused": str(error)}
    print(f"\n{json.dumps(said)}")


if __name__ == "__main__":
    main()
