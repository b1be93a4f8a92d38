"""App passwords for calendar and contacts apps, and where those apps connect to."""

from typing import Any, Final

from twin_module.engine.app_passwords import AppPassword
from twin_module.engine.twin import Twin
from twin_module.rest.route import Answer, Call, Route

DAV: Final = "/_synapse/client/twin/dav"
"""Where CalDAV and CardDAV are served."""


def _json(each: AppPassword) -> dict[str, Any]:
    return {
        "id": each.id,
        "name": each.name,
        "created_ts": each.created_ts,
        "last_used_ts": each.last_used_ts,
    }


def _account(twin: Twin) -> dict[str, str]:
    username = twin.homeserver.owner[1:].partition(":")[0]
    return {"username": username, "path": f"{DAV}/"}


async def make_app_password(twin: Twin, call: Call) -> Answer:
    """Make a password for a calendar or contacts app; it is shown this once.

    Where there is no calendar or no address book yet, one is made, so that apps find both.
    """
    await twin.dav.books.ensure_some()
    made, password = await twin.app_passwords.make(call.body["name"])
    return Answer({**_json(made), **_account(twin), "password": password}, status=201)


async def list_app_passwords(twin: Twin, call: Call) -> Answer:
    """List the app passwords, without the passwords, and the account that apps need."""
    listed = [_json(each) for each in await twin.app_passwords.listed()]
    return Answer({**_account(twin), "app_passwords": listed})


async def revoke_app_password(twin: Twin, call: Call) -> Answer:
    """Take an app password back; apps that use it are refused from now on."""
    await twin.app_passwords.revoke(call.path["password_id"])
    return Answer({})


_ACCOUNT: Final = {
    "username": {"type": "string", "description": "What apps sign in with beside the password."},
    "path": {"type": "string", "description": "The path of CalDAV and CardDAV on this server."},
}
_APP_PASSWORD: Final = {
    "type": "object",
    "required": ["id", "name", "created_ts", "last_used_ts"],
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string"},
        "created_ts": {"type": "integer"},
        "last_used_ts": {"type": ["integer", "null"], "description": "To the hour."},
    },
}

ROUTES: Final = (
    Route(
        method="POST",
        path="/app-passwords",
        summary="Make a password for a calendar or contacts app",
        handler=make_app_password,
        body={
            "type": "object",
            "properties": {
                "name": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 100,
                    "description": "Which app or device it is for.",
                }
            },
            "required": ["name"],
            "additionalProperties": False,
        },
        answer={
            **_APP_PASSWORD,
            "required": [*_APP_PASSWORD["required"], "username", "path", "password"],
            "properties": {
                **_APP_PASSWORD["properties"],  # type: ignore[dict-item]
                **_ACCOUNT,
                "password": {"type": "string"},
            },
        },
        status=201,
    ),
    Route(
        method="GET",
        path="/app-passwords",
        summary="The app passwords, and the account that apps need",
        handler=list_app_passwords,
        answer={
            "type": "object",
            "required": ["username", "path", "app_passwords"],
            "properties": {
                **_ACCOUNT,
                "app_passwords": {"type": "array", "items": _APP_PASSWORD},
            },
        },
    ),
    Route(
        method="DELETE",
        path="/app-passwords/{password_id}",
        summary="Take an app password back",
        handler=revoke_app_password,
    ),
)
