"""GPU view in a real browser: real tasks hold a simulated card, wait for it, and lose it."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.browsing import Browsing, Scheme, assert_accessible
from tests.support.stack import Stack
from tests.support.waiting import wait_until

LOCK = "box:sim"
SOON_MS = 20_000
CARD_MIB = 8_192
LONG_PX = 20
"""Width of a lease after six seconds in the shortest range, or two minutes in the longest."""


@pytest.fixture(scope="module")
def gpu_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two workers that share a card."""
    card = {
        "BATON_GPU__DEVICE": "simulated",
        "BATON_GPU__HOST": "box",
        "BATON_GPU__SIMULATED_MEMORY_MIB": str(CARD_MIB),
    }
    with Stack(tmp_path_factory.mktemp("sharing"), **card) as own:
        own.gateway()
        own.worker()
        own.worker()
        yield own


@pytest.fixture
def holder_and_waiter(gpu_stack: Stack) -> Iterator[tuple[str, str]]:
    """A task that holds the card and one that waits for it."""
    holder = gpu_stack.submit("testing.hold", {"seconds": 300})
    wait_until(lambda: holder_id(gpu_stack) == holder)
    waiter = gpu_stack.submit("testing.hold", {"seconds": 300})
    wait_until(lambda: [entry["task_id"] for entry in lock(gpu_stack)["waiters"]] == [waiter])
    yield holder, waiter
    for task_id in (holder, waiter):
        gpu_stack.http.post(f"/v1/tasks/{task_id}/cancel")
        gpu_stack.wait_for(task_id)


def lock(stack: Stack) -> dict[str, Any]:
    found = [each for each in stack.http.get("/v1/monitoring/locks").json()["locks"] if each["id"] == LOCK]
    return found[0] if found else {"holder": None, "waiters": []}


def holder_id(stack: Stack) -> str | None:
    return (lock(stack)["holder"] or {}).get("task_id")


def reasons(stack: Stack, task_id: str) -> list[str]:
    past = stack.http.get("/v1/monitoring/locks/history", params={"task_id": task_id}).json()["leases"]
    return [lease["reason"] for lease in past]


def gpu(browsing: Browsing, stack: Stack, scheme: Scheme = "light") -> Page:
    """Open the view and wait until it is live."""
    page = browsing.open(f"{stack.url}/#/gpu", scheme=scheme)
    expect(page.locator(".connection")).not_to_have_text("Reconnecting…", timeout=SOON_MS)
    return page


def bars(page: Page, kind: str, task_id: str) -> Locator:
    return page.locator(f'.timeline .{kind}[data-task="{task_id}"]')


def ask_to_release(page: Page) -> None:
    page.get_by_role("button", name="Release by hand").click()
    page.get_by_label("Reason").fill("the film is stuck")


# ---- what is shown ----


def test_who_holds_the_card_and_who_waits_is_shown(
    browsing: Browsing, gpu_stack: Stack, holder_and_waiter: tuple[str, str]
) -> None:
    holder, waiter = holder_and_waiter
    page = gpu(browsing, gpu_stack)
    expect(page.locator(".holder")).to_contain_text(holder, timeout=SOON_MS)
    expect(page.locator(".holder")).to_contain_text("testing.hold")
    expect(page.locator(".line li")).to_have_count(1)
    expect(page.locator(".line li")).to_contain_text(waiter)
    expect(page.get_by_role("meter")).to_have_attribute("aria-valuemax", "7200")
    expect(page.get_by_text("the monitor warns")).to_be_visible()
    expect(bars(page, "hold.going", holder)).to_have_count(1)
    expect(bars(page, "wait.going", waiter)).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_card_in_use_is_accessible(
    browsing: Browsing, gpu_stack: Stack, holder_and_waiter: tuple[str, str], scheme: Scheme
) -> None:
    page = gpu(browsing, gpu_stack, scheme)
    expect(page.locator(".holder")).to_contain_text(holder_and_waiter[0], timeout=SOON_MS)
    page.get_by_text("As a table").click()
    assert_accessible(page)


def test_a_lease_is_in_the_timeline_and_in_the_table_when_it_has_ended(browsing: Browsing, gpu_stack: Stack) -> None:
    page = gpu(browsing, gpu_stack)
    first = gpu_stack.submit("testing.hold", {"seconds": 3})
    wait_until(lambda: holder_id(gpu_stack) == first)
    second = gpu_stack.submit("testing.hold", {"seconds": 0.1})
    gpu_stack.wait_for(second, "SUCCESS")
    expect(bars(page, "hold:not(.going)", first)).to_have_count(1, timeout=SOON_MS)
    expect(bars(page, "hold:not(.going)", second)).to_have_count(1, timeout=SOON_MS)
    expect(bars(page, "wait:not(.going)", second)).to_have_count(1)
    page.get_by_text("As a table").click()
    expect(page.get_by_role("row").filter(has_text=second)).to_contain_text("released")


def test_a_longer_range_shows_the_same_lease_smaller(
    browsing: Browsing, gpu_stack: Stack, holder_and_waiter: tuple[str, str]
) -> None:
    page = gpu(browsing, gpu_stack)
    bar = bars(page, "hold.going", holder_and_waiter[0]).locator("rect")
    wait_until(lambda: width(bar) > LONG_PX, timeout=60)
    page.get_by_role("radio", name="2 h").check()
    expect(page.get_by_role("group", name="Timeline of 2 h")).to_be_visible()
    assert width(bar) < LONG_PX


def width(bar: Locator) -> float:
    return float(bar.get_attribute("width", timeout=SOON_MS) or 0)


def test_the_keys_go_through_the_timeline_and_tell_about_each_lease(browsing: Browsing, gpu_stack: Stack) -> None:
    task_id = gpu_stack.submit("testing.hold", {"seconds": 0.3})
    gpu_stack.wait_for(task_id, "SUCCESS")
    page = gpu(browsing, gpu_stack)
    expect(bars(page, "hold", task_id)).to_have_count(1, timeout=SOON_MS)
    page.get_by_role("group", name="Timeline").focus()
    page.keyboard.press("End")
    expect(page.locator(".tip")).to_contain_text(task_id)
    expect(page.locator(".tip")).to_contain_text("released")
    expect(page.locator(".timeline [aria-live]")).to_contain_text(f"Task {task_id}, Held")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{gpu_stack.url}/#/tasks/{task_id}")


def test_the_pointer_tells_what_a_bar_means(
    browsing: Browsing, gpu_stack: Stack, holder_and_waiter: tuple[str, str]
) -> None:
    page = gpu(browsing, gpu_stack)
    bar = bars(page, "wait.going", holder_and_waiter[1])
    expect(bar).to_have_count(1, timeout=SOON_MS)
    wait_until(lambda: holder_and_waiter[1] in hover_right_end(page, bar), timeout=60, every=0.2)
    expect(page.locator(".tip")).to_contain_text("Waiting for")


def hover_right_end(page: Page, bar: Locator) -> str:
    """Return the tooltip after moving the pointer to a bar's current end; the page may still move the bar."""
    page.mouse.move(0, 0)
    place, row = page.locator(".timeline").bounding_box(), bar.bounding_box()
    if place and row:
        page.mouse.move(place["x"] + place["width"] - 1, row["y"] + row["height"] / 2)
    return " ".join(page.locator(".tip").all_inner_texts())


def test_without_a_card_the_view_says_why_it_is_empty(browsing: Browsing, shared_stack: Stack) -> None:
    page = gpu(browsing, shared_stack)
    expect(page.get_by_text("No GPU is in use here")).to_be_visible(timeout=SOON_MS)
    expect(page.get_by_text("gpu.device: simulated")).to_be_visible()


# ---- actions ----


def test_a_card_is_released_by_hand_and_the_reason_is_kept(
    browsing: Browsing, gpu_stack: Stack, holder_and_waiter: tuple[str, str]
) -> None:
    holder, waiter = holder_and_waiter
    page = gpu(browsing, gpu_stack)
    expect(page.locator(".holder")).to_contain_text(holder, timeout=SOON_MS)
    ask_to_release(page)
    page.get_by_role("button", name="Release the card").click()
    expect(page.get_by_text("The card was released.")).to_be_visible()
    expect(page.locator(".holder")).to_contain_text(waiter, timeout=SOON_MS)
    assert "by_hand: the film is stuck" in reasons(gpu_stack, holder)
    page.get_by_text("As a table").click()
    row = page.get_by_role("row").filter(has_text="released by hand: the film is stuck")
    expect(row).to_contain_text(holder, timeout=SOON_MS)


def test_no_card_is_released_without_a_reason(
    browsing: Browsing, gpu_stack: Stack, holder_and_waiter: tuple[str, str]
) -> None:
    page = gpu(browsing, gpu_stack)
    page.get_by_role("button", name="Release by hand").click(timeout=SOON_MS)
    page.get_by_role("button", name="Release the card").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("button", name="Go back").click()
    assert holder_id(gpu_stack) == holder_and_waiter[0]


def test_who_looked_too_long_ago_releases_nobody_else(
    browsing: Browsing, gpu_stack: Stack, holder_and_waiter: tuple[str, str]
) -> None:
    holder, waiter = holder_and_waiter
    page = gpu(browsing, gpu_stack)
    expect(page.locator(".holder")).to_contain_text(holder, timeout=SOON_MS)
    ask_to_release(page)
    gpu_stack.http.post(f"/v1/tasks/{holder}/cancel")
    wait_until(lambda: holder_id(gpu_stack) == waiter)
    fence = lock(gpu_stack)["holder"]["fence"]
    with browsing.allow("409"):
        page.get_by_role("button", name="Release the card").click()
        expect(page.get_by_text("The lease has ended")).to_be_visible()
    assert lock(gpu_stack)["holder"]["fence"] == fence


def test_a_model_on_the_card_is_shown_and_unloaded(browsing: Browsing, gpu_stack: Stack) -> None:
    gpu_stack.wait_for(gpu_stack.submit("testing.hold", {"seconds": 0.1, "model_mib": 512}), "SUCCESS")
    page = gpu(browsing, gpu_stack)
    resident = page.locator(".residents li").filter(has_text="testing/512")
    expect(resident).to_contain_text("512 MiB", timeout=SOON_MS)
    expect(page.get_by_role("img", name="Models use 512 MiB of 8.0 GiB")).to_be_visible()
    resident.get_by_role("button", name="Unload").click()
    page.get_by_role("dialog").get_by_role("button", name="Unload").click()
    expect(resident).to_have_count(0, timeout=SOON_MS)
    wait_until(lambda: not any(device["models"] for device in residents(gpu_stack)))


def residents(stack: Stack) -> list[dict[str, Any]]:
    devices: list[dict[str, Any]] = stack.http.get("/v1/monitoring/residents").json()["devices"]
    return devices
