"""What every kind of test shares."""

import os
import shutil
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from twin_module.testing.postgres import find_programs, throwaway_server
from twin_module.testing.reactor import ReactorThread

# Machines differ: no test may fail for being slow.
settings.register_profile(
    "quick", max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "thorough", max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that write files of the project anew."""
    parser.addoption(
        "--refresh-golden",
        action="store_true",
        help="write the schemas of this release to tests/golden/schemas.json",
    )
    parser.addoption(
        "--screenshots",
        action="store_true",
        help="write the pictures of pages to docs/screenshots",
    )


@pytest.fixture(scope="session")
def reactor_thread() -> ReactorThread:
    """Twisted's reactor in a thread of its own; it can't be started twice in a process."""
    return ReactorThread()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server: the one that TWIN_TEST_POSTGRES names, or one of our own."""
    named, programs = os.environ.get("TWIN_TEST_POSTGRES"), find_programs()
    if named:
        yield named
    elif programs:
        with throwaway_server(programs) as url:
            yield url
    else:
        pytest.skip(
            "no PostgreSQL: install it (on Debian: apt install postgresql), "
            "or name a server in TWIN_TEST_POSTGRES"
        )


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is: the one without windows, which takes a quarter less of the processor, or any."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("no Chromium: install it (on Debian: apt install chromium-headless-shell)")
    return found
