"""Every link of every page leads somewhere."""

import pytest

from tests.support.markdown import ROOT, Page

PAGES = {page.path: page for page in Page.all()}
ELSEWHERE = ("http://", "https://", "mailto:")


def is_broken(page: Page, link: str) -> bool:
    """Tell whether a relative link names no file, or no heading of one."""
    place, _, anchor = link.partition("#")
    target = (ROOT / page.path.parent / place).resolve() if place else ROOT / page.path
    if not target.exists() or not target.is_relative_to(ROOT):
        return True
    reached = PAGES.get(target.relative_to(ROOT))
    return bool(anchor) and (reached is None or anchor not in reached.anchors)


@pytest.mark.parametrize("page", PAGES.values(), ids=map(str, PAGES))
def test_every_link_and_anchor_resolves(page: Page) -> None:
    relative = [link for link in page.links if not link.startswith(ELSEWHERE)]
    assert [link for link in relative if is_broken(page, link)] == []


def test_every_page_of_the_documentation_is_reached_from_its_index() -> None:
    reached, waiting = set(), [PAGES[path] for path in PAGES if str(path) == "docs/README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page.path)
        for link in page.links:
            target = (ROOT / page.path.parent / link.partition("#")[0]).resolve()
            found = [target.relative_to(ROOT)] if target.is_relative_to(ROOT) else []
            found += [path for path in PAGES if target.is_dir() and path.parent == found[0]]
            waiting += [PAGES[path] for path in found if path in PAGES and path not in reached]
    assert {path for path in PAGES if path.parts[0] == "docs"} <= reached
