"""What `scripts/bench` may be told, and that the page on it says so."""

from pathlib import Path

import pytest

from bench.suite.__main__ import _parser, main
from bench.suite.line_up import PEERS, SYNAPSES
from bench.suite.size import WHOLE
from bench.suite.works import works

PAGE = (Path(__file__).parents[2] / "docs" / "performance.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--only", "write,fly"], "'fly' is none of empty, write"),
        (["--contestants", "twin,magic"], "'magic' is none of twin, vanilla"),
        (["--rounds", "0"], "one round is the least"),
        (["--database", "paper"], "invalid choice"),
    ],
)
def test_what_it_does_not_know_is_refused_with_what_it_knows(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_the_page_explains_every_option() -> None:
    options = [option for action in _parser()._actions for option in action.option_strings]
    missing = {each for each in options if each.startswith("--") and f"`{each}" not in PAGE}
    assert missing == {"--help"}


def test_the_page_explains_all_work_and_all_who_take_part() -> None:
    assert [each for each in works(WHOLE) if f"| `{each}` |" not in PAGE] == []
    assert [each for each in (*SYNAPSES, *PEERS) if f"| `{each}` |" not in PAGE] == []
