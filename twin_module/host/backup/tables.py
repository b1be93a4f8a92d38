"""Which tables a twin's database has, as two numbers: those that a program has to know to work with it.

Synapse keeps the version of its tables, and the oldest version of itself that can still work with them: it
refuses a database whose latter number is above its own (`synapse.storage.schema`). The module has one number.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tables:
    """Versions of tables: those that a database needs, or the newest that programs know."""

    synapse: int
    twin: int
    """Of the module's own."""


def misfit(needed: Tables, known: Tables, whose: str) -> str | None:
    """Return why programs can't work with a database, None when they can.

    Args:
        needed: by the database.
        known: to the programs.
        whose: the programs that know them, in words.

    Returns:
        The end of a sentence that begins with what needs them, without its full stop.
    """
    for program, needs, knows in (
        ("Synapse", needed.synapse, known.synapse),
        ("twin-module", needed.twin, known.twin),
    ):
        if needs > knows:
            return f"needs a {program} that knows version {needs} of its tables, and {whose} knows {knows}"
    return None


def known_here() -> Tables:
    """Return the newest tables that the installed programs know; imports them, which takes a second."""
    from synapse.storage.schema import SCHEMA_VERSION  # noqa: PLC0415

    from twin_module.engine.store import SCHEMA  # noqa: PLC0415

    return Tables(synapse=SCHEMA_VERSION, twin=len(SCHEMA))
