"""A whole run of contestants that are in memory."""

from dataclasses import replace

from bench.suite.report import Report
from bench.suite.run import Run
from bench.suite.size import SHORT
from bench.suite.works import works
from tests.bench.fakes import Fake, Forgetful, Lame

SIZE = replace(SHORT, rounds=2, listed=20, bulk=5)


def run(*contestants: Fake, only: tuple[str, ...]) -> tuple[Report, list[str]]:
    said: list[str] = []
    report = Report(SIZE, "sqlite")
    Run(contestants, SIZE, said.append).measure([works(SIZE)[key] for key in only], report)
    return report, said


def test_everybody_has_a_figure_and_is_ended() -> None:
    a, b = Fake("twin"), Fake("vanilla")
    report, said = run(a, b, only=("write", "write8", "update", "read", "list"))
    assert report.failures() == []
    by_key = {each.figure.key: each for each in report.lines}
    assert {*by_key} >= {"write", "write_cpu", "write8", "update", "read", "list", "memory"}
    assert set(by_key["write"].by) == {"twin", "vanilla"}
    assert by_key["list"].by["twin"].count == SIZE.rounds * SIZE.lists
    assert not a.running
    assert not b.running
    assert any(each.startswith("write: round 2: vanilla") for each in said)


def test_eight_clients_write_different_objects() -> None:
    fake = Fake("twin")
    run(fake, only=("write8",))
    (place,) = fake.places.values()
    assert len(place) == SIZE.rounds * SIZE.clients * SIZE.writes_by_each


def test_who_does_not_start_is_named_and_the_others_go_on() -> None:
    report, _ = run(Lame("twin"), Fake("vanilla"), only=("write",))
    assert [each.line() for each in report.failures()] == [
        "twin, start: RuntimeError: the port is taken"
    ]
    assert report.contestants == ["vanilla"]
    assert set(report.lines[0].by) == {"vanilla"}


def test_who_answers_wrongly_has_failed_and_has_no_figure() -> None:
    report, said = run(Forgetful("twin"), Fake("vanilla"), only=("list",))
    (failure,) = report.failures()
    assert failure.line().startswith("twin, list: Failed: The list does not hold")
    assert failure.line() in said
    assert set(report.lines[0].by) == {"vanilla"}


def test_who_has_nothing_like_that_is_left_out_and_has_not_failed() -> None:
    report, _ = run(Fake("radicale"), only=("search", "bulk", "live", "plain"))
    assert report.failures() == []
    assert {each.work: each.reason for each in report.left_out} == {
        "search": "has no full-text search",
        "bulk": "writes one object at a time",
        "live": "tells nobody of changes",
        "plain": "is no Matrix homeserver",
    }


def test_the_report_has_all_figures_as_text_and_as_json() -> None:
    report, _ = run(Fake("twin"), Fake("vanilla"), only=("write",))
    text, data = report.text(), report.json()
    assert "write, one by one" in text
    assert "What failed" not in text
    figure = next(each for each in data["figures"] if each["key"] == "write")
    assert figure["twin_is_better_by"]["vanilla"] > 0
    assert figure["by"]["twin"]["samples"] == SIZE.rounds
    assert data["size"]["rounds"] == SIZE.rounds


def test_the_text_names_what_failed() -> None:
    report, _ = run(Lame("twin"), only=("write",))
    assert "What failed:\ntwin, start: RuntimeError: the port is taken" in report.text()
