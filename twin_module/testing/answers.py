"""A person who takes no answer of the API that is not as it was declared."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from jsonschema import Draft202012Validator, FormatChecker

from twin_module.rest.resource import DOCUMENT, ROUTES, find
from twin_module.rest.route import Route
from twin_module.testing.person import TWIN, Answer, Person

ERROR: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "errcode": {"type": "string", "pattern": r"^(M_|ORG\.DIGITALTWIN\.)[A-Z_]+$"},
        "error": {"type": "string", "minLength": 10},
    },
    "required": ["errcode", "error"],
}
"""Matrix's standard error response (client-server API), with a sentence in it."""


def check_answer(route: Route, answer: Answer) -> None:
    """Refuse an answer that the declaration of its call does not allow."""
    where = f"{route.method} {route.path}"
    if answer.status >= 400:  # noqa: PLR2004
        check_refusal(answer)
        return
    assert answer.status == route.status, f"{where} answered {answer.status}"
    media_type = answer.headers["content-type"].partition(";")[0]
    assert media_type == route.media_type, f"{where} answered {media_type}"
    body = answer.body.decode() if isinstance(answer.body, bytes) else answer.body
    _validate(route.answer, body, where)


def check_refusal(answer: Answer) -> None:
    """Refuse an error that is not one of Matrix's form."""
    assert 400 <= answer.status < 600, answer  # noqa: PLR2004
    assert answer.headers["content-type"].startswith("application/json"), answer
    _validate(ERROR, answer.body, f"status {answer.status}")


def _validate(schema: Mapping[str, Any], body: Any, where: str) -> None:
    errors = list(Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(body))
    assert not errors, f"{where}: {errors[0].message[:500]}"


class CarefulPerson(Person):
    """Checks each answer of the twin's API against the declaration of the call."""

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> Answer:
        """Make a request, and take no answer that was not declared."""
        answer = super().ask(method, path, body, headers, **query)
        within = urlsplit(path if path.startswith("/_") else f"{TWIN}/{path.lstrip('/')}").path
        if within.startswith(f"{TWIN}/") and method != "OPTIONS":
            parts = [unquote(part) for part in within.removeprefix(TWIN).split("/") if part]
            if answer.status >= 400:  # noqa: PLR2004
                check_refusal(answer)
            elif parts != [DOCUMENT]:
                check_answer(find(ROUTES, method, parts)[0], answer)
        return answer
