"""Subscriptions to public calendars."""

from collections.abc import Sequence
from typing import Any, Final

from twin_module.core.subscription import MAX_NAME, MAX_URL, Subscription
from twin_module.engine.twin import Twin
from twin_module.rest.route import Answer, Call, Route


async def subscribe(twin: Twin, call: Call) -> Answer:
    """Make a collection that follows a public calendar.

    The calendar is asked for at once: where it can't be had, nothing is made, and the answer says
    why. Its entries are written after the answer. The twin looks again every hour at most, as the
    calendar and its server wish, and writes only what changed.
    """
    made = await twin.subscriptions.subscribe(call.body["url"], call.body.get("name"))
    return Answer(_subscription_json(made))


async def list_subscriptions(twin: Twin, call: Call) -> Answer:
    """List all subscriptions; keep the answer to yourself where an address is secret."""
    found = [_subscription_json(each) for each in await twin.subscriptions.listed()]
    return Answer({"subscriptions": found})


async def end_subscription(twin: Twin, call: Call) -> Answer:
    """End a subscription; the collection stays, and is the owner's to change from now on."""
    await twin.subscriptions.end(call.path["room_id"])
    return Answer({})


async def refresh_subscription(twin: Twin, call: Call) -> Answer:
    """Look at a calendar now, once a minute at most; the answer does not wait for it."""
    return Answer(_subscription_json(await twin.subscriptions.refresh(call.path["room_id"])))


def _subscription_json(each: Subscription) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "room_id": each.room_id,
        "url": each.url,
        "entries": each.entries,
        "next_ts": each.next_ts,
    }
    if each.refreshed_ts:
        shown["refreshed_ts"] = each.refreshed_ts
    return {**shown, "problem": each.problem} if each.problem else shown


_SUBSCRIPTION: Final = {
    "type": "object",
    "required": ["room_id", "url", "entries", "next_ts"],
    "properties": {
        "entries": {"type": "integer", "description": "How many entries the calendar had."},
        "refreshed_ts": {
            "type": "integer",
            "description": "When it was had last, in milliseconds since 1970; absent for never.",
        },
        "next_ts": {"type": "integer", "description": "When it is looked at again."},
        "problem": {
            "type": "string",
            "description": "Why it could not be had the last time, or what of it can't be taken.",
        },
    },
}

ROUTES: Final[Sequence[Route]] = (
    Route(
        method="POST",
        path="/subscriptions",
        summary="Follow a public calendar",
        handler=subscribe,
        body={
            "type": "object",
            "properties": {
                "url": {
                    "type": "string",
                    "maxLength": MAX_URL,
                    "description": "The calendar's address: https, http, webcal or webcals.",
                },
                "name": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": MAX_NAME,
                    "description": "Of the collection; absent, what the calendar calls itself.",
                },
            },
            "required": ["url"],
            "additionalProperties": False,
        },
        answer=_SUBSCRIPTION,
        status=201,
    ),
    Route(
        method="GET",
        path="/subscriptions",
        summary="The calendars that the twin follows",
        handler=list_subscriptions,
        answer={
            "type": "object",
            "required": ["subscriptions"],
            "properties": {"subscriptions": {"type": "array", "items": _SUBSCRIPTION}},
        },
    ),
    Route(
        method="DELETE",
        path="/subscriptions/{room_id}",
        summary="Follow a calendar no longer",
        handler=end_subscription,
    ),
    Route(
        method="POST",
        path="/subscriptions/{room_id}/refresh",
        summary="Look at a calendar now",
        handler=refresh_subscription,
        answer=_SUBSCRIPTION,
        status=202,
    ),
)
