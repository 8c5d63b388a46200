"""Requirements of every view: no external requests, no violations of its Content-Security-Policy, accessible."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from api_gateway.http.auth import key_hash
from tests.support.browsing import Browsing, Device, Scheme, assert_accessible
from tests.support.stack import Stack

VIEWS = ("submit", "live", "tasks", "gpu", "models", "workers")
KEY = "bk_right-and-very-long"
LOADED_MS = "performance.getEntriesByType('navigation')[0].loadEventEnd"
SHOWN_MS = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


@pytest.fixture(scope="module")
def locked_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("locked")) as locked:
        locked.gateway(BATON_AUTH__API_KEYS=f'["{key_hash(KEY)}"]')
        yield locked


def view(page: Page, name: str) -> None:
    """Wait until a view is shown and the system's state has arrived."""
    expect(page.get_by_role("navigation").locator("a[aria-current=page]")).to_have_attribute("href", f"#/{name}")
    expect(page.locator("main h1")).to_be_visible()
    expect(page.locator(".connection")).not_to_have_text("Reconnecting…", timeout=15_000)


@pytest.mark.parametrize("device", ["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", VIEWS)
def test_every_view_is_accessible(
    browsing: Browsing, shared_stack: Stack, name: str, scheme: Scheme, device: Device
) -> None:
    page = browsing.open(f"{shared_stack.url}/#/{name}", scheme=scheme, device=device)
    view(page, name)
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out at the side"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_login_is_accessible(browsing: Browsing, locked_stack: Stack, scheme: Scheme) -> None:
    with browsing.allow("401"):
        page = browsing.open(locked_stack.url, scheme=scheme)
        expect(page.get_by_label("API key")).to_be_focused()
        assert_accessible(page)


def test_a_key_opens_the_page_and_a_wrong_one_is_refused(browsing: Browsing, locked_stack: Stack) -> None:
    with browsing.allow("401"):
        page = browsing.open(locked_stack.url)
        page.get_by_label("API key").fill("bk_wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_text("The gateway does not know this key")).to_be_visible()
        page.get_by_label("API key").fill(KEY)
        page.keyboard.press("Enter")
        view(page, "submit")
        page.reload()
        view(page, "submit")


def test_a_page_loads_soon(
    browsing: Browsing, shared_stack: Stack, record_property: Callable[[str, object], None]
) -> None:
    page = browsing.open(f"{shared_stack.url}/#/tasks")
    view(page, "tasks")
    for name, script in (("loaded_ms", LOADED_MS), ("first_paint_ms", SHOWN_MS)):
        record_property(name, round(page.evaluate(script)))


def test_the_policy_holds_and_this_test_would_see_it_broken(browsing: Browsing, shared_stack: Stack) -> None:
    page = browsing.open(f"{shared_stack.url}/#/tasks")
    view(page, "tasks")
    assert browsing.troubles == []
    with browsing.allow("CSP: script-src-elem refused inline", "violates the following Content Security Policy"):
        page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'alert(1)'}))")
        page.evaluate("new Promise(requestAnimationFrame)")
        assert any("CSP" in trouble for trouble in browsing.troubles)


def test_a_request_to_outside_is_seen_and_comes_to_nothing(browsing: Browsing) -> None:
    with browsing.allow("asked for http://example.org/", "ERR_NAME_NOT_RESOLVED"):
        page = browsing.open("about:blank")
        failed = page.evaluate(
            "fetch('http://example.org/', {mode: 'no-cors'}).then(() => '', (error) => error.message)"
        )
        assert failed == "Failed to fetch"
        assert browsing.troubles
