"""Where the owner is signed in."""

import pytest

from tests.contract.conftest import RealSide, Side
from twin_module.core.errors import NotFound

HOSTILE = "<script>alert(1)</script>\u202e\n"


def device_ids(side: Side) -> list[str]:
    return [each.device_id for each in side.run(side.port.devices())]


def test_a_sign_in_is_listed_with_the_name_that_it_gave(alice: Side) -> None:
    device_id = alice.sign_in("Phone")
    [found] = [each for each in alice.run(alice.port.devices()) if each.device_id == device_id]
    assert found.display_name == "Phone"


def test_a_name_may_hold_anything(alice: Side) -> None:
    device_id = alice.sign_in(HOSTILE)
    [found] = [each for each in alice.run(alice.port.devices()) if each.device_id == device_id]
    assert found.display_name == HOSTILE


def test_who_is_signed_out_at_one_place_is_still_in_at_others(alice: Side) -> None:
    one, other = alice.sign_in("One"), alice.sign_in("Other")
    assert alice.is_signed_in(one)
    alice.run(alice.port.sign_out(one))
    assert not alice.is_signed_in(one)
    assert alice.is_signed_in(other)
    assert one not in device_ids(alice)
    assert other in device_ids(alice)


def test_nobody_is_signed_out_where_nobody_is_signed_in(alice: Side) -> None:
    with pytest.raises(NotFound):
        alice.run(alice.port.sign_out("NOWHERE"))


def test_who_signs_out_everywhere_is_in_nowhere(bob: Side) -> None:
    devices = [bob.sign_in(name) for name in ("One", "Other")]
    bob.run(bob.port.sign_out_everywhere())
    assert not any(bob.is_signed_in(each) for each in devices)
    assert device_ids(bob) == []
    if isinstance(bob, RealSide):
        bob.person._token = None  # other tests go on with him
