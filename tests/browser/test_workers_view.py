"""Workers view in a real browser: live and lost workers, queues, verdict, and the monitor's settings."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.browsing import Browsing, Scheme, assert_accessible
from tests.support.faults import kill_worker
from tests.support.stack import Stack

SOON_MS = 20_000
FORGOTTEN_MS = 60_000
"""A silent worker is considered gone after 15 s."""
RESET = {"timeout_levels": None, "stall_timeout": None}


@pytest.fixture
def config_stack(shared_stack: Stack) -> Iterator[Stack]:
    yield shared_stack
    shared_stack.http.patch("/v1/monitoring/config", json=RESET).raise_for_status()


def workers(browsing: Browsing, stack: Stack, scheme: Scheme = "light") -> Page:
    """Open the view and wait until it is live."""
    page = browsing.open(f"{stack.url}/#/workers", scheme=scheme)
    expect(page.get_by_role("region", name="Verdict")).to_be_visible(timeout=SOON_MS)
    return page


def verdict(page: Page) -> Locator:
    return page.get_by_role("region", name="Verdict")


def config(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = stack.http.get("/v1/monitoring/config").json()
    return found


# ---- workers and queues ----


def test_what_a_worker_runs_is_shown_with_its_heartbeat(browsing: Browsing, shared_stack: Stack) -> None:
    page = workers(browsing, shared_stack)
    expect(page.locator(".fleet li")).to_contain_text("testing@")
    task_id = shared_stack.submit("testing.work", {"seconds": 300})
    try:
        expect(page.locator(".fleet li").filter(has_text=task_id)).to_contain_text("Busy", timeout=SOON_MS)
        running = page.locator(".pulses li").filter(has_text=task_id)
        expect(running).to_contain_text("Alive", timeout=SOON_MS)
        expect(running.get_by_role("progressbar")).to_be_visible()
        expect(page.get_by_role("row", name="testing")).to_contain_text("1")
    finally:
        shared_stack.http.post(f"/v1/tasks/{task_id}/cancel")
    expect(page.get_by_text("No running tasks")).to_be_visible(timeout=SOON_MS)


def test_a_worker_that_is_killed_is_shown_as_gone_and_the_verdict_says_so(browsing: Browsing, stack: Stack) -> None:
    stack.gateway()
    victim = stack.worker()
    page = workers(browsing, stack)
    expect(verdict(page)).to_contain_text("Everything is healthy")
    expect(page.locator(".connection")).to_have_text("Healthy")
    kill_worker(victim)
    expect(page.locator(".fleet li.gone")).to_contain_text(f"/{victim.pid}", timeout=FORGOTTEN_MS)
    expect(verdict(page)).to_contain_text("Something needs attention", timeout=SOON_MS)
    expect(verdict(page)).to_contain_text("worker_gone")
    expect(page.locator(".connection")).to_have_text("Degraded")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_queue_that_nobody_serves_is_flagged(browsing: Browsing, shared_stack: Stack, scheme: Scheme) -> None:
    page = workers(browsing, shared_stack, scheme)
    queue = page.get_by_role("row", name="faster_whisper")
    expect(queue).to_contain_text("none")
    task_id = shared_stack.http.post("/v1/models/faster_whisper/base/download").json()["task_id"]
    try:
        expect(queue).to_contain_text("none alive", timeout=SOON_MS)
        expect(verdict(page)).to_contain_text("Something is broken", timeout=SOON_MS)
        expect(verdict(page)).to_contain_text("python -m services faster_whisper")
        assert_accessible(page)
    finally:
        shared_stack.http.post(f"/v1/tasks/{task_id}/cancel")
    expect(verdict(page)).to_contain_text("Everything is healthy", timeout=SOON_MS)


def test_what_the_gateway_checks_of_itself_is_shown(browsing: Browsing, shared_stack: Stack) -> None:
    page = workers(browsing, shared_stack)
    gateway = page.get_by_role("region", name="Gateway")
    expect(gateway.locator("li.ok")).to_have_count(3)
    shared_stack.share.chmod(0o500)
    shared_stack.share.rename(moved := shared_stack.share.with_name("moved"))
    try:
        with browsing.allow("503"):
            gateway.get_by_role("button", name="Check again").click()
            expect(gateway.locator("li.bad")).to_contain_text("check storage.share")
    finally:
        moved.rename(shared_stack.share)
        shared_stack.share.chmod(0o700)
    gateway.get_by_role("button", name="Check again").click()
    expect(gateway.locator("li.ok")).to_have_count(3)


# ---- settings ----


def test_a_limit_that_is_changed_on_the_page_holds(browsing: Browsing, config_stack: Stack) -> None:
    page = workers(browsing, config_stack)
    page.get_by_role("button", name="Change the time limits").click()
    page.get_by_label("Warning").fill("120")
    page.get_by_role("button", name="Save").click()
    settings = page.get_by_role("region", name="Monitor settings")
    expect(settings).to_contain_text("2 min")
    expect(settings).to_contain_text("changed here")
    found = config(config_stack)
    assert found["config"]["timeout_levels"] == {"warning": 120, "soft_timeout": 3600, "hard_timeout": 7200}
    assert found["sources"]["timeout_levels/warning"] == "runtime"
    page.get_by_role("button", name="Change the time limits").click()
    page.get_by_role("button", name="Reset to the file's values").click()
    expect(settings).not_to_contain_text("changed here")
    assert config(config_stack)["config"]["timeout_levels"]["warning"] == 1800


def test_limits_that_do_not_fit_are_told_beside_their_field(browsing: Browsing, config_stack: Stack) -> None:
    page = workers(browsing, config_stack)
    page.get_by_role("button", name="Change the time limits").click()
    page.get_by_label("Soft timeout").fill("60")
    expect(page.get_by_text("It must not be shorter than the warning.")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    page.get_by_label("Soft timeout").fill("soon")
    expect(page.get_by_text("Enter a number of seconds.")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert config(config_stack)["config"]["timeout_levels"]["soft_timeout"] == 3600
