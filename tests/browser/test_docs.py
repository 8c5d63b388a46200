"""API page: Swagger UI without external requests, under the same Content-Security-Policy as the dashboard."""

from playwright.sync_api import expect

from tests.support.browsing import Browsing
from tests.support.stack import Stack

SLOW = 20_000
"""Milliseconds; the document is large."""


def test_it_shows_a_tasks_typed_input(browsing: Browsing, shared_stack: Stack) -> None:
    page = browsing.open(f"{shared_stack.url}/docs")
    page.get_by_role("button", name="Submit a task").click(timeout=SLOW)
    body = page.locator(".opblock", has_text="Submit a task").locator(".opblock-section-request-body")
    body.get_by_role("tab", name="Schema").click()
    body.get_by_role("button", name="Expand all").first.click()
    expect(body).to_contain_text("ffmpeg.extract_audio", timeout=SLOW)
    expect(body).to_contain_text("seconds from the beginning of the file")


def test_a_task_can_be_sent_from_it(browsing: Browsing, shared_stack: Stack) -> None:
    page = browsing.open(f"{shared_stack.url}/docs")
    page.get_by_role("button", name="Submit a task").click(timeout=SLOW)
    submission = page.locator(".opblock", has_text="Submit a task")
    submission.get_by_role("button", name="Try it out").click()
    submission.locator("textarea").fill('{"task_name": "testing.echo", "input_data": {"text": "from the page"}}')
    submission.get_by_role("button", name="Execute").click()
    expect(submission.locator(".live-responses-table")).to_contain_text('"status": "PENDING"', timeout=SLOW)
