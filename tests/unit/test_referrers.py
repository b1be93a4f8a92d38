"""What keeps something in memory is named."""

import sys

import pytest

from twin_module.testing.referrers import Gone


class Kept:
    """Something to be kept."""


def test_what_nobody_holds_is_gone() -> None:
    gone = Gone(Kept())
    assert gone
    assert repr(gone) == "all are gone"


def test_the_way_from_a_module_to_what_is_kept_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept()
    gone = Gone(kept)
    monkeypatch.setattr(sys.modules[__name__], "SHELF", {"one": [kept]}, raising=False)
    del kept
    assert not gone
    assert repr(gone).split(" holds ")[0].endswith(f"module {__name__}")
    assert "dict with ['one'] holds builtins.list holds" in repr(gone)
