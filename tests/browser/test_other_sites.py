"""Without API keys, the gateway rejects cross-site requests, based on the headers that a browser sends."""

from playwright.sync_api import expect

from tests.support.browsing import Browsing
from tests.support.stack import Stack

SEND = """(url) => {
  const form = new FormData();
  form.append("file", new Blob(["a stranger's"]), "stranger.txt");
  return fetch(url, {method: "POST", body: form, mode: "no-cors"}).then(() => {});
}"""


def test_a_page_of_another_site_cannot_upload(browsing: Browsing, shared_stack: Stack) -> None:
    before = list_inputs(shared_stack)
    with browsing.allow("403"):
        page = browsing.open(f"http://localhost:{shared_stack.port}/health/live")  # a different site from 127.0.0.1
        with page.expect_response("**/v1/files") as answer:
            page.evaluate(SEND, f"{shared_stack.url}/v1/files")
        assert answer.value.status == 403
    assert list_inputs(shared_stack) == before


def test_the_gateways_own_page_can(browsing: Browsing, shared_stack: Stack) -> None:
    before = list_inputs(shared_stack)
    page = browsing.open(f"{shared_stack.url}/")
    expect(page.locator("main h1")).to_be_visible()
    page.evaluate(SEND, f"{shared_stack.url}/v1/files")
    assert len(list_inputs(shared_stack) - before) == 1


def list_inputs(stack: Stack) -> set[str]:
    return {path.name for path in (stack.share / "inputs").iterdir()}
