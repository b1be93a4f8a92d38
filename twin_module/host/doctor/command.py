"""The command `twin doctor`."""

from pathlib import Path

from twin_module.host.doctor.diagnose import diagnose
from twin_module.host.doctor.outside import Outside
from twin_module.host.doctor.printing import as_json, exit_status, print_findings
from twin_module.host.errors import HostError


def doctor(
    data: Path,
    name: str,
    *,
    json: bool = False,
    thorough: bool = False,
    tester: str | None = None,
) -> int:
    """Examine a twin and print what was found.

    Args:
        data: the host's data folder.
        name: the twin's name on this host.
        json: whether to print for programs.
        thorough: whether to check all of the database, however long it takes.
        tester: the URL of a federation tester elsewhere, with {server_name} in it.

    Returns:
        The exit status: 1 when there is a problem, else 0.

    Raises:
        HostError: the tester's URL is none.
    """
    if tester is not None and not (tester.startswith("https://") and "{server_name}" in tester):
        raise HostError(
            "--tester has to be an https URL with {server_name} where the name belongs."
        )
    findings = diagnose(data, name, world=Outside(), thorough=thorough, tester=tester)
    if json:
        print(as_json(findings))
    else:
        print_findings(findings)
    return exit_status(findings)
