"""What the installed Synapse says of a twin's configuration, and which databases it can work with."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

from twin_module.host.doctor.patient import Patient

SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class SynapseSays:
    """What it says."""

    refuses: str | None
    """Why it does not take the configuration."""
    newest_schema: int | None = None
    """The version of the database's tables that it makes."""
    compatible_schema: int | None = None
    """The oldest version of Synapse's tables that still works with the newest."""
    twin_schema: int | None = None
    """The version of the module's own tables that it makes."""


def ask_synapse(patient: Patient) -> SynapseSays:
    """Ask the Synapse that is installed here; takes some seconds, most of them its imports."""
    owner, passing = patient.folder.stat(), patient.places.data.stat().st_gid
    is_others = os.geteuid() == 0 and owner.st_uid != 0
    command = [sys.executable, "-m", "twin_module.host.doctor.synapse_child", str(patient.yaml)]
    try:
        # Programs of the host work in the data folder: paths may be relative to it.
        done = subprocess.run(
            command,
            cwd=patient.places.data,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            # A configuration names modules, which are run: by whose they are, never by root.
            user=owner.st_uid if is_others else None,
            group=owner.st_gid if is_others else None,
            extra_groups=[passing] if is_others else None,
        )
    except subprocess.TimeoutExpired:
        return SynapseSays(f"Synapse does not read it within {SECONDS} s")
    except OSError as error:
        return SynapseSays(f"Synapse can't be started as the twin's user: {error.strerror}")
    try:
        return SynapseSays(**json.loads(done.stdout.splitlines()[-1]))
    except (ValueError, IndexError, TypeError):
        words = done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        return SynapseSays(f"Synapse can't be started here: {words[-1]}")
