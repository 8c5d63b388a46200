"""One Chromium for all; each test opens its pages in sessions of their own, and no trouble goes unnoticed."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browsing import Browsing, running_chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=20_000)  # a busy machine is slow, not wrong
    with running_chromium() as running:
        yield running


@pytest.fixture
def browsing(browser: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Browsing]:
    """What tests open pages with; at the end there may be no console error, page error or request to outside."""
    if "stack" in request.fixturenames:
        request.getfixturevalue("stack")  # the pages are closed first: else they complain that their gateway has gone
    own = Browsing(browser)
    yield own
    own.close()  # tells what is still to be told
    assert own.troubles == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what the pages showed when a test failed."""
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
