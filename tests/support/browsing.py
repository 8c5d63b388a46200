"""Pages in a real headless Chromium. It can reach only this machine, and errors on its pages fail the test."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from tests.support import chromium

AXE = (Path(__file__).parents[1] / "browser/vendor/axe.min.js").read_text()
# enforced by the browser, because a playwright route does not run while a test waits for something else
ONLY_LOCAL = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
LOCAL = {"127.0.0.1", "localhost"}
SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
}
TELL_VIOLATIONS = """addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.effectiveDirective} refused ${event.blockedURI}`));"""
KEEP_KEY = """if (location.origin !== "null") sessionStorage.setItem("baton.api-key", "%s");"""

Scheme = Literal["light", "dark"]
Device = Literal["desktop", "phone"]


@dataclass
class Browsing:
    """Opens pages and collects their errors: console errors, page errors, and requests to other hosts."""

    browser: Browser
    troubles: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def open(self, url: str, *, scheme: Scheme = "light", device: Device = "desktop", key: str = "") -> Page:
        """Open a page in its own session. `key` is the API key that the session has stored."""
        context = self.browser.new_context(**SIZES[device], color_scheme=scheme, reduced_motion="reduce")
        self.contexts.append(context)
        context.add_init_script(TELL_VIOLATIONS + (KEEP_KEY % key if key else ""))
        context.on("console", self.hear)
        context.on("weberror", lambda error: self.troubles.append(f"page error: {error.error}"))
        context.on("request", self.see)
        page = context.new_page()
        page.goto(url)
        return page

    @property
    def pages(self) -> list[Page]:
        return [page for context in self.contexts for page in context.pages]

    def hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.troubles.append(f"console: {message.text} ({message.location.get('url')})")

    def see(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme.startswith("http") and address.hostname not in LOCAL:
            self.troubles.append(f"asked for {request.url}")

    @contextmanager
    def allow(self, *patterns: str) -> Iterator[None]:
        """Ignore errors inside the block whose text contains one of these patterns.

        Playwright reports errors only while it is called, so call it once more before the block ends.
        """
        before = len(self.troubles)
        yield
        told = self.troubles[before:]
        self.troubles[before:] = [
            trouble for trouble in told if not any(re.search(pattern, trouble) for pattern in patterns)
        ]

    def close(self) -> None:
        for context in self.contexts:
            context.close()
        self.contexts.clear()


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Run the Chromium that `make browser` found.

    Raises:
        AssertionError: there is none.
    """
    path = chromium.find()
    assert path, chromium.HOW
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[ONLY_LOCAL])
        yield browser
        browser.close()


def axe(page: Page) -> list[str]:
    """Return what axe-core reports for the current page: the rule, the element and how to fix it."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
    return [
        f"{rule['id']}: {node['target']}: {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def assert_accessible(page: Page) -> None:
    found = axe(page)
    assert not found, "\n".join(found)
