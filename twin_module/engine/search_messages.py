"""Search in chats, which the owner has to ask for: a setting that is off until they say otherwise.

What the twin and its owner say to each other stays out of it, so that nobody finds their own
questions: its own chat, whatever its voice says elsewhere, and commands that begin with `!`.
"""

from dataclasses import replace
from typing import Final

from twin_module.core.errors import Forbidden
from twin_module.core.ports import Homeserver, Message, MessagePage, MessageQuestion
from twin_module.engine.settings import Settings

OFF: Final = "Chats are not searched until you say so: set search_chats in your settings."


async def find_messages(
    homeserver: Homeserver, settings: Settings, question: MessageQuestion
) -> MessagePage:
    """Return messages of unencrypted rooms that have all words of a question, newest first.

    Raises:
        Forbidden: the owner did not ask for chats to be searched.
        InvalidParam: there are no words, or too many.
    """
    if not (await settings.read()).search_chats:
        raise Forbidden(OFF)
    own_rooms = sorted(await homeserver.voice_rooms())
    page = await homeserver.find_messages(replace(question, but_rooms=own_rooms))
    kept = [each for each in page.messages if not _is_command(each, homeserver.owner)]
    return replace(page, messages=kept)


def _is_command(message: Message, owner: str) -> bool:
    return message.sender == owner and message.text[:1] == "!" and message.text[1:2].isalpha()
