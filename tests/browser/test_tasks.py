"""Tasks view in a real browser, with real tasks: the list, the page of one task, and the actions."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from api_gateway.http.auth import key_hash
from tests.support.browsing import Browsing, Device, Scheme, assert_accessible
from tests.support.receiver import Answer, Receiver
from tests.support.stack import Stack
from tests.support.waiting import wait_until

CROWD = 1_000
MOST_ROWS = 60
KEY = "bk_right-and-very-long"
IMAGE = "<img src=x onerror=window.ran=1>"
SCRIPT = f"<script>window.ran=1</script>{IMAGE}"
FURTHER = (
    "scrollBy(0, innerHeight - 100), new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
)
LONGEST_TASK_MS = """new Promise((resolve) => new PerformanceObserver((list) =>
  resolve(Math.max(0, ...list.getEntries().map((entry) => entry.duration)))).observe({type: 'longtask', buffered: true})
  || setTimeout(() => resolve(0), 200))"""


def tasks(browsing: Browsing, stack: Stack, where: str = "", *, device: Device = "desktop") -> Page:
    """Open the view and wait until it is live, so that it receives all later events."""
    page = browsing.open(f"{stack.url}/#/tasks{where}", device=device)
    expect_connected(page)
    return page


def expect_connected(page: Page) -> None:
    expect(page.locator(".connection")).not_to_have_text("Reconnecting…", timeout=15_000)


def row(page: Page, task_id: str) -> Locator:
    return page.locator(f'[data-id="{task_id}"]')


def badge(place: Page | Locator) -> Locator:
    return place.locator(".badge").first


# ---- actions ----


def test_a_task_is_cancelled_and_retried_from_its_page(browsing: Browsing, shared_stack: Stack) -> None:
    task_id = shared_stack.submit("testing.work", {"seconds": 300})
    shared_stack.wait_for(task_id, "RUNNING")
    page = tasks(browsing, shared_stack, f"/{task_id}")
    page.get_by_role("button", name="Cancel").click()
    expect(badge(page)).to_have_text("Cancelled", timeout=20_000)
    assert shared_stack.read(task_id)["status"] == "CANCELLED"
    page.get_by_role("button", name="Retry").click()
    expect(badge(page)).to_have_text("Running", timeout=20_000)
    page.get_by_role("button", name="Cancel").click()
    expect(badge(page)).to_have_text("Cancelled", timeout=20_000)
    assert shared_stack.read(task_id)["stages"]["testing.work"]["attempt"] == 2


def test_a_failed_task_says_why_and_a_retry_mends_it(browsing: Browsing, shared_stack: Stack) -> None:
    task_id = shared_stack.submit("testing.fail", {"failures": 1, "kind": "bug"})
    told = shared_stack.wait_for(task_id, "FAILED")["error"]["message"]
    page = tasks(browsing, shared_stack)
    expect(row(page, task_id).get_by_text(told)).to_be_visible()
    row(page, task_id).get_by_role("link").click()
    expect(page.get_by_role("alert")).to_contain_text(told)
    page.get_by_role("button", name="Retry").click()
    expect(badge(page)).to_have_text("Done", timeout=20_000)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("region", name="Output")).to_contain_text("attempt 2")


def test_the_row_acts_too(browsing: Browsing, shared_stack: Stack) -> None:
    task_id = shared_stack.submit("testing.work", {"seconds": 300})
    shared_stack.wait_for(task_id, "RUNNING")
    page = tasks(browsing, shared_stack)
    expect(row(page, task_id).get_by_role("progressbar")).to_be_visible()
    row(page, task_id).hover()
    row(page, task_id).get_by_role("button", name="Cancel").click()
    expect(badge(row(page, task_id))).to_have_text("Cancelled", timeout=20_000)


def test_a_task_is_deleted_only_when_one_is_sure(browsing: Browsing, shared_stack: Stack) -> None:
    task_id = shared_stack.submit("testing.work", {"seconds": 0})
    file = shared_stack.wait_for(task_id, "SUCCESS")["stages"]["testing.work"]["output"]["file"]["path"]
    page = tasks(browsing, shared_stack, f"/{task_id}")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Go back").click()
    assert shared_stack.read(task_id)["status"] == "SUCCESS"
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page).to_have_url(f"{shared_stack.url}/#/tasks")
    expect(row(page, task_id)).to_have_count(0)
    assert shared_stack.http.get(f"/v1/tasks/{task_id}").status_code == 404
    assert not (shared_stack.share / file).exists()


def test_the_keyboard_does_all_of_it(browsing: Browsing, shared_stack: Stack) -> None:
    older, newer = shared_stack.submit("testing.echo"), shared_stack.submit("testing.fail", {"kind": "input"})
    shared_stack.wait_for(older)
    shared_stack.wait_for(newer)
    page = tasks(browsing, shared_stack)
    expect(row(page, newer)).to_be_visible()
    for key, task_id in (("j", newer), ("ArrowDown", older), ("k", newer), ("ArrowUp", newer)):
        page.keyboard.press(key)
        expect(row(page, task_id).get_by_role("link")).to_be_focused()
    page.keyboard.press("r")
    expect(badge(row(page, newer))).to_have_text("Done", timeout=20_000)
    page.keyboard.press("d")
    page.get_by_role("dialog").get_by_role("button", name="Delete").press("Enter")
    expect(row(page, newer)).to_have_count(0)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Output")).to_be_visible()
    expect(page).to_have_url(f"{shared_stack.url}/#/tasks/{older}")
    page.keyboard.press("Escape")
    expect(row(page, older)).to_be_visible()


# ---- what is shown ----


def test_news_come_without_a_reload(browsing: Browsing, shared_stack: Stack) -> None:
    page = tasks(browsing, shared_stack, "?task_name=testing.work")
    expect(page.get_by_text("No task of testing.work").or_(page.locator("[data-id]").first)).to_be_visible()
    page.evaluate("window.same = true")
    task_id = shared_stack.submit("testing.work", {"seconds": 300})
    expect(page.locator("[data-id]").first).to_have_attribute("data-id", task_id)
    expect(row(page, task_id).get_by_role("progressbar")).to_have_attribute("aria-valuenow", "1", timeout=30_000)
    shared_stack.http.post(f"/v1/tasks/{task_id}/cancel")
    expect(badge(row(page, task_id))).to_have_text("Cancelled")
    shared_stack.wait_for(task_id)
    shared_stack.http.delete(f"/v1/tasks/{task_id}")
    expect(row(page, task_id)).to_have_count(0)
    assert page.evaluate("window.same")


def test_a_page_tells_why_it_waits_and_goes_on_by_itself(stack: Stack, browsing: Browsing) -> None:
    stack.gateway()
    task_id = stack.submit("testing.work", {"seconds": 3})
    page = tasks(browsing, stack, f"/{task_id}")
    waiting = page.get_by_role("region", name="Why it is waiting")
    expect(waiting).to_contain_text("No worker of the queue testing is alive")
    stack.worker()
    expect(page.get_by_role("region", name="Progress")).to_be_visible(timeout=30_000)
    expect(waiting).to_have_count(0)
    expect(badge(page)).to_have_text("Done", timeout=30_000)
    expect(page.get_by_role("region", name="Where the time went")).to_contain_text("Running")


def test_filters_are_in_the_address(browsing: Browsing, shared_stack: Stack) -> None:
    failed = shared_stack.submit("testing.fail", {"kind": "input"})
    done = shared_stack.submit("testing.echo")
    shared_stack.wait_for(failed)
    shared_stack.wait_for(done)
    page = tasks(browsing, shared_stack)
    tabs = page.get_by_role("navigation", name="By status")
    count = shared_stack.redis.client.zcard("tasks:index:FAILED")
    expect(tabs.get_by_role("link", name="Failed")).to_have_text(f"Failed{count}")
    tabs.get_by_role("link", name="Failed").click()
    expect(page).to_have_url(f"{shared_stack.url}/#/tasks?status=FAILED")
    expect(row(page, failed)).to_be_visible()
    expect(row(page, done)).to_have_count(0)
    page.get_by_label("Kind of task").select_option("testing.size")
    expect(page).to_have_url(f"{shared_stack.url}/#/tasks?status=FAILED&task_name=testing.size")
    expect(page.get_by_text("No failed task of testing.size")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Kind of task")).to_have_value("testing.size")
    page.get_by_role("link", name="Show all tasks").click()
    expect(row(page, done)).to_be_visible()


def test_a_task_comes_and_goes_with_its_status(browsing: Browsing, shared_stack: Stack) -> None:
    page = tasks(browsing, shared_stack, "?status=RUNNING")
    expect(page.get_by_text("No running tasks")).to_be_visible()
    task_id = shared_stack.submit("testing.work", {"seconds": 300})
    expect(row(page, task_id)).to_be_visible(timeout=20_000)
    shared_stack.http.post(f"/v1/tasks/{task_id}/cancel")
    expect(page.get_by_text("No running tasks")).to_be_visible(timeout=20_000)


def test_an_empty_list_leads_to_the_first_task(stack: Stack, browsing: Browsing) -> None:
    stack.gateway()
    page = tasks(browsing, stack)
    page.get_by_role("link", name="Submit your first task").click()
    expect(page).to_have_url(f"{stack.url}/#/submit")


def test_files_can_be_looked_at_and_saved(browsing: Browsing, shared_stack: Stack, tmp_path: Path) -> None:
    task_id = shared_stack.submit("testing.work", {"seconds": 0, "size": 200_000})
    shared_stack.wait_for(task_id)
    page = tasks(browsing, shared_stack, f"/{task_id}")
    with page.expect_response("**/result.txt?access_token=*") as answer:
        page.get_by_role("button", name="Preview result.txt").click()
    expect(page.locator("pre", has_text="attempt 1")).to_be_visible()
    assert answer.value.status == 206, "never the whole of a large file"
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download result.txt").click()
    saved.value.save_as(tmp_path / "saved")
    assert (tmp_path / "saved").read_text().startswith("attempt 1 ")


def test_deliveries_are_listed_and_sent_again(browsing: Browsing, shared_stack: Stack) -> None:
    with Receiver(Answer(500, body=SCRIPT.encode()), 200) as receiver:
        task_id = shared_stack.submit("testing.echo", callback={"url": f"{receiver.url}?token=secret"})
        page = tasks(browsing, shared_stack, f"/{task_id}")
        tries = page.get_by_role("region", name="Callbacks").get_by_role("listitem")
        expect(tries).to_have_count(2, timeout=30_000)
        expect(tries.nth(1)).to_contain_text(SCRIPT)
        expect(tries.nth(0)).to_contain_text("200")
        assert "secret" not in page.content()
        first, second = receiver.wait_for(2)
        page.get_by_role("button", name="Send again: try 1").click()
        again = receiver.wait_for(3)[2]
        assert (again.id, again.body) == (second.id, second.body) == (first.id, first.body)
        expect(tries).to_have_count(3, timeout=30_000)
    assert not page.evaluate("'ran' in window")


def test_a_request_is_copied_as_it_was(browsing: Browsing, shared_stack: Stack) -> None:
    task_id = shared_stack.submit("testing.echo", {"text": "it's"})
    page = tasks(browsing, shared_stack, f"/{task_id}")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the id").click()
    wait_until(lambda: page.evaluate("navigator.clipboard.readText()") == task_id)
    page.get_by_role("button", name="Copy as curl").click()
    copied = wait_until(lambda: text if "curl" in (text := page.evaluate("navigator.clipboard.readText()")) else "")
    assert f"'{shared_stack.url}/v1/tasks'" in copied
    assert """'{"task_name":"testing.echo","input_data":{"text":"it'\\''s"}}'""" in copied


# ---- what must not happen ----


def test_what_users_write_stays_text(browsing: Browsing, shared_stack: Stack) -> None:
    task_id = shared_stack.submit("testing.echo", {"text": SCRIPT})
    shared_stack.wait_for(task_id)
    page = tasks(browsing, shared_stack)
    row(page, task_id).get_by_role("link").click()
    expect(page.get_by_role("region", name="Output")).to_contain_text("window.ran=1")
    expect(page.get_by_role("region", name="Input")).to_contain_text("window.ran=1")
    with browsing.allow("422"):
        page.goto(f"{shared_stack.url}/#/tasks/{quote(IMAGE)}")
        expect(page.get_by_text("This is not a task id")).to_be_visible()
        expect(page.get_by_role("main")).to_contain_text(IMAGE)
    page.goto(f"{shared_stack.url}/#/tasks?task_name={quote(SCRIPT)}")
    expect(page.get_by_role("main")).to_contain_text(f"No task of {SCRIPT}")
    assert page.locator("main :is(script, img)").count() == 0
    assert not page.evaluate("'ran' in window")


def test_an_unknown_task_is_told_as_such(browsing: Browsing, shared_stack: Stack) -> None:
    with browsing.allow("404"):
        page = tasks(browsing, shared_stack, "/task_that-never-was")
        expect(page.get_by_text("There is no such task")).to_be_visible()


@pytest.fixture(scope="module")
def locked_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("locked")) as locked:
        locked.http.headers["X-API-Key"] = KEY
        locked.gateway(BATON_AUTH__API_KEYS=f'["{key_hash(KEY)}"]')
        locked.worker()
        yield locked


def test_the_list_asks_for_the_key_and_then_all_of_it_works(browsing: Browsing, locked_stack: Stack) -> None:
    task_id = locked_stack.submit("testing.work", {"seconds": 0})
    locked_stack.wait_for(task_id)
    with browsing.allow("401"):
        page = browsing.open(f"{locked_stack.url}/#/tasks/{task_id}")
        page.get_by_label("API key").fill("bk_wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("The gateway does not know this key")
        page.get_by_label("API key").fill(KEY)
        page.keyboard.press("Enter")
        expect(badge(page)).to_have_text("Done")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download result.txt").click()
    assert KEY not in saved.value.url
    page.get_by_role("link", name="Tasks", exact=True).first.click()
    expect_connected(page)
    newer = locked_stack.submit("testing.echo")
    expect(badge(row(page, newer))).to_have_text("Done", timeout=20_000)


# ---- long lists ----


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway with a thousand waiting tasks and no worker."""
    with Stack(tmp_path_factory.mktemp("crowd")) as own:
        own.gateway()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: own.submit("testing.echo", task_id=f"crowd-{number}"), range(CROWD)))
        yield own


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_a_thousand_tasks_are_all_reached_by_scrolling(
    browsing: Browsing, crowd: Stack, device: Device, record_property: Callable[[str, object], None]
) -> None:
    page = tasks(browsing, crowd, "?status=PENDING&task_name=testing.echo", device=device)
    expect(page.locator("[data-id]").first).to_be_visible()
    seen: set[str] = set()

    def scroll_further() -> bool:
        ids = page.locator("[data-id]").evaluate_all("rows => rows.map((row) => row.dataset.id)")
        assert len(ids) <= MOST_ROWS, "the document stays small"
        seen.update(ids)
        page.evaluate(FURTHER)
        return len(seen) >= CROWD

    wait_until(scroll_further, timeout=90)
    expect(page.get_by_text(f"{CROWD:,} tasks")).to_be_visible()
    assert seen == {f"crowd-{number}" for number in range(CROWD)}
    record_property(f"longest_task_ms_{device}", round(page.evaluate(LONGEST_TASK_MS)))


def test_what_comes_on_top_does_not_move_what_is_read(browsing: Browsing, crowd: Stack) -> None:
    page = tasks(browsing, crowd, "?task_name=testing.echo")
    newest = page.locator("[data-id]").first
    first = str(newest.get_attribute("data-id"))
    page.evaluate("scrollTo(0, 2000)")
    wait_until(lambda: page.evaluate("scrollY") == 2000)
    place = "({left: innerWidth / 2, top: innerHeight / 2})"
    middle = f"document.elementFromPoint({place}.left, {place}.top).closest('[data-id]')"
    task_id = wait_until(lambda: page.evaluate(f"{middle}?.dataset.id"))
    before = row(page, task_id).bounding_box()
    newer = [crowd.submit("testing.echo") for _ in range(3)]
    expect(page.get_by_role("button", name="3 new tasks")).to_be_visible()
    assert row(page, task_id).bounding_box() == before
    page.get_by_role("button", name="3 new tasks").click()
    expect(newest).to_have_attribute("data-id", newer[-1])
    for newer_id in newer:
        crowd.http.post(f"/v1/tasks/{newer_id}/cancel")
        crowd.http.delete(f"/v1/tasks/{newer_id}")
    expect(newest).to_have_attribute("data-id", first)


def test_the_way_back_leads_to_the_same_place(browsing: Browsing, crowd: Stack) -> None:
    page = tasks(browsing, crowd)
    expect(page.locator("[data-id]").first).to_be_visible()
    for _ in range(30):
        page.keyboard.press("j")
    chosen = page.evaluate("document.activeElement.closest('[data-id]').dataset.id")
    place = page.evaluate("scrollY")
    assert place > 0
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Why it is waiting")).to_be_visible()
    page.go_back()
    expect(row(page, chosen)).to_be_in_viewport()
    assert page.evaluate("scrollY") == place


def test_the_list_comes_back_with_its_gateway(stack: Stack, browsing: Browsing) -> None:
    gateway = stack.gateway()
    older = stack.submit("testing.echo")
    page = tasks(browsing, stack)
    expect(row(page, older)).to_be_visible()
    with browsing.allow("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_EMPTY_RESPONSE"):
        gateway.kill()
        gateway.wait()
        expect(page.locator(".connection")).to_have_text("Reconnecting…")
        stack.gateway()
        newer = stack.submit("testing.echo")
        expect(row(page, newer)).to_be_visible(timeout=30_000)


# ---- accessibility ----


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_the_page_of_a_task_is_accessible(
    browsing: Browsing, shared_stack: Stack, scheme: Scheme, device: Device
) -> None:
    with Receiver(500, 200) as receiver:
        task_id = shared_stack.submit("testing.work", {"seconds": 0}, callback={"url": receiver.url})
        shared_stack.wait_for(task_id)
        receiver.wait_for(2)
        page = browsing.open(f"{shared_stack.url}/#/tasks/{task_id}", scheme=scheme, device=device)
        expect_connected(page)
        page.get_by_role("button", name="Preview result.txt").click()
        expect(page.get_by_role("listitem").filter(has_text="try 2")).to_be_visible(timeout=20_000)
        page.get_by_text("The whole output as JSON").click()
        assert_accessible(page)
