"""Fixtures of the browser tests: one Chromium, and a check that each test's pages report no errors."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browsing import Browsing, running_chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=20_000)  # generous: a busy machine is slow
    with running_chromium() as running:
        yield running


@pytest.fixture
def browsing(browser: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Browsing]:
    """Open pages, each in its own session; fail at the end on console errors, page errors or external requests."""
    if "stack" in request.fixturenames:
        request.getfixturevalue("stack")  # pages close before their gateway stops; otherwise they log errors
    own = Browsing(browser)
    yield own
    own.close()  # delivers pending events
    assert own.troubles == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Save what the pages showed if the test failed."""
    report = yield
    if report.when == "call" and report.failed and isinstance(item, pytest.Function) and "browsing" in item.funcargs:
        shown = photographs(item.funcargs["browsing"], item.funcargs["tmp_path"])
        report.sections.append(("pages", "\n".join(shown)))
    return report


def photographs(browsing: object, folder: object) -> Iterator[str]:
    assert isinstance(browsing, Browsing)
    assert isinstance(folder, Path)
    for number, page in enumerate(browsing.pages):
        picture = folder / f"failed-{number}.png"
        page.screenshot(path=picture)
        yield f"{page.url} looked like {picture}"
    yield from browsing.troubles
