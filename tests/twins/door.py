"""A module of Synapse that lets in whoever knocks: it makes an account at their first login."""

from typing import Any, Final

from synapse.module_api import ModuleApi

LOGIN_TYPE: Final = "org.example.door"


class Door:
    """Stands in for whatever login a host may have added: JWT, LDAP, single sign-on."""

    def __init__(self, config: Any, api: ModuleApi) -> None:
        self._api = api
        api.register_password_auth_provider_callbacks(
            auth_checkers={
                (LOGIN_TYPE, ("code",)): self._open,
                ("m.login.password", ("password",)): self._open,
            }
        )

    async def _open(
        self, username: str, login_type: str, login: dict[str, Any]
    ) -> tuple[str, None] | None:
        user_id = self._api.get_qualified_user_id(username)
        if await self._api.get_userinfo_by_id(user_id) is not None:
            return None
        return await self._api.register_user(username), None
