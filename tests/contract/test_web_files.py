"""The dashboard's files: under a strict policy, from this package alone, nothing else in reach."""

import re
from hashlib import sha256
from pathlib import Path

import pytest

from api_gateway.dashboard import PAGES, POLICY, WEB
from tests.support.stack import Stack

HEADERS = {
    "content-security-policy": " ".join(POLICY.split()),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
}
VENDOR = "vendor/vue.runtime.esm-browser.prod.js"
VENDORED = re.compile(r"\((\S+)\) \| `([0-9a-f]{64})`")
FETCHED = re.compile(r"""(?:src|href)=["'](/[^"'#]+)|(?:\bfrom|\bimport)\s*\(?["']([^"']+)["']""")
OUT_OF_REACH = (
    *("/web", "/web/", "/web/vendor", "/web/vendor/", "/web/nothing.js", "/web/%00", "/docs/", "/redoc"),
    *("/web/%2e%2e/app.py", "/web/..%2fapp.py", "/web//etc/passwd"),
)
OURS = sorted(path for kind in ("html", "js", "css") for path in WEB.rglob(f"*.{kind}") if "vendor" not in path.parts)


@pytest.mark.parametrize("path", [*PAGES, "/web/docs.js", f"/web/{VENDOR}"])
def test_files_come_with_their_policy_and_are_asked_for_again(quiet_stack: Stack, path: str) -> None:
    answer = quiet_stack.http.get(path)
    assert answer.status_code == 200
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    again = quiet_stack.http.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_policy_allows_no_inline_script_or_style_and_nobody_else() -> None:
    assert not re.search(r"unsafe|https?:|\*", POLICY)
    assert POLICY.startswith("default-src 'none'")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/web/docs.js", "javascript"),
        ("/web/css/base.css", "text/css"),
        ("/web/icon.svg", "image/svg"),
    ],
)
def test_types_are_right_as_no_browser_may_guess_them(quiet_stack: Stack, path: str, kind: str) -> None:
    assert kind in quiet_stack.http.get(path).headers["content-type"]


def test_files_are_compressed_and_parts_of_them_are_not(quiet_stack: Stack) -> None:
    path, content = f"/web/{VENDOR}", (WEB / VENDOR).read_bytes()
    whole = quiet_stack.http.get(path, headers={"Accept-Encoding": "gzip"})
    assert (whole.headers["content-encoding"], whole.content) == ("gzip", content)
    part = quiet_stack.http.get(path, headers={"Accept-Encoding": "gzip", "Range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, content[5:10])
    assert "content-encoding" not in part.headers


@pytest.mark.parametrize("path", OUT_OF_REACH)
def test_nothing_else_is_in_reach(quiet_stack: Stack, path: str) -> None:
    answer = quiet_stack.http.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_files_are_only_read(quiet_stack: Stack) -> None:
    answer = quiet_stack.http.post("/web/docs.js")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert quiet_stack.http.post("/").status_code == 405


def test_they_are_no_part_of_the_api(quiet_stack: Stack) -> None:
    paths = quiet_stack.http.get("/openapi.json").json()["paths"]
    assert not [path for path in paths if path in PAGES or path.startswith("/web")]


@pytest.mark.parametrize("file", OURS, ids=lambda file: str(file.relative_to(WEB)))
def test_what_a_file_loads_is_there_and_ours(file: Path) -> None:
    code = re.sub(r"/\*.*?\*/", "", file.read_text(), flags=re.DOTALL)
    for name in (first or second for first, second in FETCHED.findall(code)):
        if name not in PAGES:
            base = WEB if name.startswith("/web/") else file.parent
            assert (base / name.removeprefix("/web/")).is_file(), f"{file.name} loads {name}"


@pytest.mark.parametrize("folder", [WEB / "vendor", Path("tests/browser/vendor")], ids=str)
def test_vendored_files_are_what_their_projects_published(folder: Path) -> None:
    listed = dict(VENDORED.findall((folder / "README.md").read_text()))
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix in {".js", ".css"}}
    assert set(listed) == there
    assert {name: sha256((folder / name).read_bytes()).hexdigest() for name in listed} == listed
