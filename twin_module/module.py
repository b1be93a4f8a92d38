"""The Synapse module: reads its options, connects the parts, and nothing else."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from synapse.module_api import NOT_SPAM, EventBase, ModuleApi
from synapse.module_api.errors import Codes, ConfigError, SynapseError
from synapse.spam_checker_api import RegistrationBehaviour

from twin_module.chat.companion import Companion
from twin_module.config import TwinConfig, parse_config
from twin_module.core.errors import NotReady, TwinError
from twin_module.core.state import NAMESPACE
from twin_module.dav.answers import MOST_BYTES
from twin_module.dav.resource import DavResource, WellKnown
from twin_module.engine.owner import ensure_owner
from twin_module.engine.sleeping import greet_peers
from twin_module.engine.synapse import PEERS_PREFIX, SynapseHomeserver, widen_cors
from twin_module.engine.synapse_threads import Threads
from twin_module.engine.synapse_web import answer_options, bound_uploads
from twin_module.engine.twin import Twin
from twin_module.rest.app_passwords import DAV
from twin_module.rest.cookie import PAGE
from twin_module.rest.openapi import PREFIX
from twin_module.rest.peers import PeerResource
from twin_module.rest.resource import TwinResource
from twin_module.rooms import CAPABILITIES
from twin_module.web.pages import PageResource, ShortAddress

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 5.0
"""From one look whether something is due to the next."""
START_AGAIN_SECONDS: Final = 5.0
COULD_NOT_START: Final = (
    "The twin could not start and tries again every few seconds; its server's log says why."
)


class TwinModule:
    """Makes the homeserver that loads it one person's twin."""

    @staticmethod
    def parse_config(config: Mapping[str, Any]) -> TwinConfig:
        """Read the options; Synapse calls this while it reads homeserver.yaml."""
        return parse_config(config)

    def __init__(self, config: TwinConfig, api: ModuleApi) -> None:
        self._config = config
        self._homeserver = SynapseHomeserver(api, config.owner)
        self._check_appservices()
        self.twin = Twin(self._homeserver, CAPABILITIES, config.max_objects_per_room)
        self._api = api
        api.register_spam_checker_callbacks(
            check_event_for_spam=self._check_event,
            check_registration_for_spam=self._refuse_registration,
            check_login_for_spam=self._check_login,
        )
        api.register_third_party_rules_callbacks(on_create_room=self._check_new_room)
        if self._homeserver.is_main():
            widen_cors(PREFIX.encode())
            homeserver = self._homeserver
            resource = TwinResource(
                api, self.twin, homeserver.still_signed_in, homeserver.end_session
            )
            api.register_web_resource(PREFIX, resource)
            self._homeserver.on_shutdown(resource.hang_up)
            self._homeserver.on_shutdown(self.twin.stop)
            companion = Companion(self.twin, f"{homeserver.public_url}{PAGE}/")
            self._homeserver.on_shutdown(companion.stop)
            peers = PeerResource(api, self.twin, self._homeserver.authenticate)
            api.register_web_resource(PEERS_PREFIX, peers)
            api.register_web_resource(PAGE, PageResource(api))
            threads = Threads(api)
            self._homeserver.on_shutdown(threads.stop)
            answer_options(DAV.encode())
            bound_uploads(DAV.encode(), MOST_BYTES)
            api.register_web_resource(DAV, DavResource(api, self.twin, threads, DAV))
            for name in ("caldav", "carddav"):
                api.register_web_resource(f"/.well-known/{name}", WellKnown(DAV))
            if config.home_path is not None:
                api.register_web_resource(config.home_path, ShortAddress(PAGE))
            self._start_in(0)

    def _check_appservices(self) -> None:
        unknown = [
            service
            for service in self._homeserver.appservices()
            if service not in self._config.allowed_appservices
        ]
        if unknown:
            raise ConfigError(
                f"application services can make accounts of their own, and this server is to have one owner; "
                f"name those that you trust: {', '.join(unknown)}",
                ("modules", "config", "allowed_appservices"),
            )

    # Sleeping

    def busy(self) -> str | None:
        """Return what must not be interrupted now, in a few words; None when the twin may sleep."""
        return self.twin.busy()

    async def next_alarm(self) -> int | None:
        """Return when the twin has to be awake for its own sake, in milliseconds since 1970.

        Asked last before it sleeps. None means that it may sleep until somebody wants something.
        """
        return await self.twin.next_alarm()

    async def greet_peers(self) -> None:
        """Make one signed request to each server that shares a room with the owner.

        It returns when all were asked, and raises nothing for those that did not answer.
        """
        await greet_peers(self._homeserver)

    # Starting

    def _start_in(self, seconds: float) -> None:
        self._homeserver.call_later(
            seconds, lambda: self._homeserver.background("twin_start", self._start)
        )

    async def _start(self) -> None:
        try:
            others = await self._homeserver.other_accounts(self._config.allowed_appservices)
            if others:
                self.twin.refuse(
                    "This server is not a twin: a twin has one owner, and there are other accounts: "
                    f"{', '.join(others[:5])}. Deactivate them, or remove the module."
                )
                return
            await ensure_owner(
                self._homeserver, self._password_file(), admin=self._config.owner_is_admin
            )
            await self.twin.start()
        except NotReady as error:
            self.twin.refuse(error.message)
            return
        except Exception:
            # Whatever it is (a database that is busy, a disk that is full): say it, and try again.
            logger.exception("The twin could not start, trying again in %s s", START_AGAIN_SECONDS)
            self.twin.put_off(COULD_NOT_START)
            self._start_in(START_AGAIN_SECONDS)
            return
        logger.info("The twin of %s is ready", self._homeserver.owner)
        self._homeserver.on_news(self.twin.wake)
        self._homeserver.every(LOOK_SECONDS, self.twin.look)

    def _password_file(self) -> Path:
        if self._config.password_file:
            return Path(self._config.password_file)
        return self._homeserver.data_folder() / f"{self._config.owner}.password"

    # What may be written here

    async def _check_event(self, event: EventBase) -> Any:
        """Refuse state of ours that does not fit, when it is written here.

        What other servers send is judged when it is read: a refusal at this place would only
        empty the event.
        """
        if not _is_ours(event.type) or not event.is_state() or not self._api.is_mine(event.sender):
            return NOT_SPAM
        try:
            await self.twin.refuse_misfit(
                event.room_id, event.type, event.state_key, event.get_dict()["content"]
            )
        except TwinError as error:
            # These fields stand in the answer, in place of Synapse's words about spam.
            return Codes.BAD_JSON, {
                **error.fields,
                "errcode": error.errcode,
                "error": error.message,
            }
        return NOT_SPAM

    async def _check_new_room(
        self, requester: object, request: dict[str, Any], is_admin: bool
    ) -> None:
        """Refuse a new room whose first state does not fit; no other check sees that state."""
        first = request.get("initial_state") or []
        try:
            self.twin.writer.space.check_new_room(
                sum(isinstance(each, dict) and _is_ours(each.get("type")) for each in first)
            )
        except TwinError as error:
            raise SynapseError(400, error.message, error.errcode) from error
        for number, event in enumerate(first):
            if not isinstance(event, dict) or not _is_ours(event.get("type")):
                continue
            key, content = str(event.get("state_key", "")), event.get("content")
            try:
                await self.twin.refuse_misfit("", event["type"], key, content)
            except TwinError as error:
                raise SynapseError(
                    400,
                    f"initial_state {number}, {event['type']}: {error.message}",
                    error.errcode,
                    dict(error.fields),
                ) from error

    async def _refuse_registration(
        self,
        email: object,
        username: str | None,
        request_info: object,
        auth_provider: str | None = None,
    ) -> RegistrationBehaviour:
        """Refuse every account but the owner's and the voice's, which are made without asking here."""
        logger.info("Refused to make a second account, %s", username or "a guest")
        return RegistrationBehaviour.DENY

    async def _check_login(
        self,
        user_id: str,
        device_id: str | None,
        initial_display_name: str | None,
        request_info: object,
        auth_provider_id: str | None = None,
    ) -> Any:
        """Let nobody sign in as the twin's own voice, whoever vouches for them."""
        if user_id != self._homeserver.voice:
            return NOT_SPAM
        logger.warning("Refused to sign somebody in as %s", user_id)
        return Codes.FORBIDDEN


def _is_ours(event_type: object) -> bool:
    return isinstance(event_type, str) and event_type.startswith(f"{NAMESPACE}.")
