"""A way in for the owner that lasts some minutes and can be taken once."""

from typing import Final

from twin_module.engine.twin import Twin
from twin_module.rest.cookie import PAGE
from twin_module.rest.route import Answer, Call, Route

LIFETIME_MS: Final = 10 * 60 * 1000


async def make_link(twin: Twin, call: Call) -> Answer:
    """Make an address of the twin's page that signs the owner in, once.

    The token stands behind the `#`, which browsers send to nobody. It is one of Matrix's own login
    tokens (client-server API, `m.login.token`), so any client can use it as well. It takes
    the password, because whoever has an access token must not be able to stay after it is taken back.
    """
    token = await twin.homeserver.login_token(call.body["password"], LIFETIME_MS)
    return Answer(
        {"path": f"{PAGE}/#sign-in={token}", "token": token, "expires_in_ms": LIFETIME_MS},
        status=201,
    )


ROUTES: Final = (
    Route(
        method="POST",
        path="/sign-in-links",
        summary="Make an address of the twin's page that signs the owner in, once, within ten minutes",
        handler=make_link,
        public=True,
        body={
            "type": "object",
            "properties": {
                "password": {"type": "string", "maxLength": 512, "description": "The owner's."}
            },
            "required": ["password"],
            "additionalProperties": False,
        },
        answer={"type": "object", "required": ["path", "token", "expires_in_ms"]},
        status=201,
    ),
)
