"""What the owner wants, in their account data."""

from typing import Any

import pytest

from tests.engine.conftest import Home
from twin_module.core.errors import BadJson
from twin_module.engine.settings import SETTINGS, Wishes
from twin_module.testing.driver import run


def test_a_twin_whose_owner_said_nothing_asks(alice: Home) -> None:
    assert run(alice.twin.settings.read()) == Wishes((), accept_from_circles=False)


def test_what_is_written_is_read_back_and_what_is_not_named_goes_back(alice: Home) -> None:
    settings = alice.twin.settings
    wishes = Wishes(("@bob:bob.example",), accept_from_circles=True)
    assert run(settings.write(wishes.as_json())) == wishes
    assert run(settings.read()) == wishes
    assert alice.server.account_data[SETTINGS] == wishes.as_json()
    run(settings.write({"accept_from_circles": True}))
    assert run(settings.read()) == Wishes((), accept_from_circles=True)


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        "yes",
        {"accept_from": "@bob:bob.example"},
        {"accept_from": ["bob"]},
        {"accept_from": ["@bob:bob.example", "@bob:bob.example"]},
        {"accept_from": [5]},
        {"accept_from_circles": "yes"},
        {"accept_from_circles": 1},
        {"accept_everything": True},
    ],
)
def test_a_wrong_shape_is_refused_and_where_a_client_wrote_it_it_is_not_said(
    alice: Home, content: Any
) -> None:
    settings = alice.twin.settings
    run(settings.write({"accept_from": ["@carol:carol.example"]}))
    with pytest.raises(BadJson):
        run(settings.write(content))
    assert run(settings.read()).accept_from == ("@carol:carol.example",)
    if isinstance(content, dict):
        run(alice.port.put_account_data(SETTINGS, content))
        assert run(settings.read()) == Wishes()
