"""How versions stand to each other: what is lost, and what two have in common."""

import pytest

from twin_module.core.lineage import CONTAINED, DISMISSED, Lineage, Version


def version(name: str, *parents: str, sender: str = "bob", settled: str | None = None) -> Version:
    """Return a version; its time is the number in its name."""
    return Version(
        name, sender, int(name.strip("abcdm")), removed=False, parents=parents, settled=settled
    )


@pytest.mark.parametrize("why", [CONTAINED, DISMISSED])
def test_what_a_settled_version_of_the_same_person_stood_on_is_settled_too(why: str) -> None:
    lineage = Lineage(
        [
            version("a1"),
            version("a5", "a1"),
            version("b2", "a1"),
            version("b3", "b2", settled=why),
            version("c4", "b3", sender="carol"),
        ]
    )
    assert [each.event_id for each in lineage.lost("a5")] == ["c4"]


def test_what_a_redacted_version_stood_on_is_still_lost() -> None:
    lineage = Lineage(
        [
            version("a1"),
            version("a5", "a1"),
            version("b2", "a1"),
            version("b3", "b2", settled="redacted"),
        ]
    )
    assert [each.event_id for each in lineage.lost("a5")] == ["b2"]


def test_what_two_merges_have_in_common_is_the_newest_that_both_saw() -> None:
    lineage = Lineage(
        [
            version("a1"),
            version("b2", "a1"),
            version("c3", "a1"),
            version("m4", "c3", "b2"),
            version("a5", "b2"),
        ]
    )
    found = lineage.common("m4", "a5")
    assert found is not None
    assert found.event_id == "b2"
    assert lineage.common("a1", None) is None


def test_many_lost_versions_in_a_row_take_no_longer_than_their_number() -> None:
    """With the square of it, this would take hours."""
    rows = [version("a1"), version("a2", "a1")]
    rows += [version(f"b{3 + each}", f"b{2 + each}" if each else "a1") for each in range(50_000)]
    lineage = Lineage(rows)
    assert [each.event_id for each in lineage.lost("a2")] == ["b50002"]
    found = lineage.common("b50002", "b30000")
    assert found is not None
    assert found.event_id == "b30000"
