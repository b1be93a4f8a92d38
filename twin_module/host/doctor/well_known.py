"""Checks: the two files at `/.well-known/matrix/`, for servers and for clients.

(Server-server API, "Resolving server names"; client-server API, "Server discovery".)
"""

import json
from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from twin_module.core.canonical import shown
from twin_module.host.doctor.asking import Asker, is_address, json_object
from twin_module.host.doctor.finding import Finding, ok, problem, skipped, warning
from twin_module.host.doctor.naming import FEDERATION_PORT, Route, parse_name
from twin_module.host.doctor.patient import Patient
from twin_module.host.doctor.world import Answer, NoAnswer

SERVER: Final = "well-known server"
CLIENT: Final = "well-known client"
OK: Final = 200
NOT_FOUND: Final = 404
HTTPS: Final = 443


def look_at_server_file(patient: Patient, route: Route) -> list[Finding]:
    """Tell whether other servers can read where the twin is, and whether that is what the host says."""
    delegation = route.delegation
    if delegation is None:
        return [skipped(SERVER, "Nobody asks for it: the name has a port or is an IP address.")]
    path = f"https://{patient.server_name}/.well-known/matrix/server"
    expected = _expected(patient, "server").get("m.server")
    if delegation.why is not None or (
        delegation.answer is not None and delegation.answer.status != OK
    ):
        said = _refusal(delegation.answer, delegation.why)
        if expected is not None:
            return [
                problem(
                    SERVER,
                    f"It can't be had ({said}), so nobody learns that the twin is at {shown(expected)}.",
                    f"Let whatever answers at {path} pass it on to the host.",
                )
            ]
        if delegation.answer is not None and delegation.answer.status == NOT_FOUND:
            return [ok(SERVER, f"There is none; other servers come {route.how}.")]
        return [
            warning(
                SERVER,
                f"It can't be had ({said}); other servers come {route.how}, after they have waited.",
                f"Let {path} answer, with 404 if there is to be no such file.",
            )
        ]
    if delegation.fault is not None:
        return [
            problem(
                SERVER,
                f"It {delegation.fault}, so it counts for nothing.",
                f'Let {path} answer {{"m.server": "HOST:PORT"}}.',
            )
        ]
    found = []
    if expected is not None and not _same_server(expected, delegation.server or ""):
        found.append(
            problem(
                SERVER,
                f"It names {shown(delegation.server or '')}, and the host says {shown(expected)}.",
                f"Let whatever answers at {path} pass it on to the host, or say the same.",
            )
        )
    if delegation.answer is not None:
        found += _form(SERVER, path, delegation.answer)
    return found or [ok(SERVER, f"It names {shown(delegation.server or '')}.")]


def look_at_client_file(patient: Patient, asker: Asker) -> list[Finding]:
    """Tell whether clients find the twin by its owner's Matrix ID alone."""
    host, _ = parse_name(patient.server_name)
    if is_address(host) or host == "localhost":
        return [
            skipped(CLIENT, f"No client looks at {host}; its address is typed when signing in.")
        ]
    path = f"https://{host}/.well-known/matrix/client"
    try:
        answer = asker.follow(path)
    except NoAnswer as error:
        return [_no_client_file(path, str(error))]
    if answer.status != OK:
        return [_no_client_file(path, f"status {answer.status}")]
    said = json_object(answer) or {}
    homeserver = said.get("m.homeserver")
    url = homeserver.get("base_url") if isinstance(homeserver, dict) else None
    if not isinstance(url, str) or not _is_https(url):
        return [
            problem(
                CLIENT,
                "It names no homeserver that a client could use.",
                f'Let {path} answer {{"m.homeserver": {{"base_url": "https://HOST"}}}}.',
            )
        ]
    found = []
    expected = _map(_expected(patient, "client").get("m.homeserver")).get("base_url")
    if isinstance(expected, str) and expected.rstrip("/") != url.rstrip("/"):
        found.append(
            problem(
                CLIENT,
                f"It names {shown(url)}, and the host says {shown(expected)}.",
                f"Let whatever answers at {path} pass it on to the host, or say the same.",
            )
        )
    if answer.headers.get("access-control-allow-origin") != "*":
        found.append(
            problem(
                CLIENT,
                "Clients in browsers may not read it: it has no header for other origins.",
                f"Let {path} answer with `Access-Control-Allow-Origin: *`.",
            )
        )
    found += _form(CLIENT, path, answer)
    return found or [ok(CLIENT, f"It names {shown(url)}.")]


def _no_client_file(path: str, why: str) -> Finding:
    return warning(
        CLIENT,
        f"It can't be had ({why}), so people have to type the homeserver's address when they sign in.",
        f"Let whatever answers at {path} pass it on to the host.",
    )


def _expected(patient: Patient, which: Literal["server", "client"]) -> Mapping[str, Any]:
    """Return what the host says itself, by the file for its front, else by homeserver.yaml."""
    try:
        said = json.loads(patient.places.well_known(patient.server_name).read_text())
    except (OSError, ValueError):
        said = None
    if isinstance(said, dict):
        return _map(said.get(which))
    config = patient.config
    if which == "server":
        serves = config.get("serve_server_wellknown") is True
        return {"m.server": f"{patient.server_name}:{HTTPS}"} if serves else {}
    url = config.get("public_baseurl")
    return {"m.homeserver": {"base_url": url}} if isinstance(url, str) else {}


def _form(check: str, path: str, answer: Answer) -> list[Finding]:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return []
    return [
        warning(
            check,
            f"It comes as {shown(kind) or 'no type at all'} instead of application/json.",
            f"Let {path} answer with `Content-Type: application/json`.",
        )
    ]


def _refusal(answer: Answer | None, why: NoAnswer | None) -> str:
    return str(why) if answer is None else f"status {answer.status}"


def _same_server(one: str, other: str) -> bool:
    """Compare server names, of which one without a port may mean the federation's."""

    def with_port(name: str) -> tuple[str, int]:
        host, port = parse_name(name)
        return host.lower(), port or FEDERATION_PORT

    try:
        return with_port(one) == with_port(other)
    except (ValueError, TypeError):
        return False


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
