"""Find or install a Chromium for the browser tests: `make browser`."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLAYWRIGHT = (sys.executable, "-m", "playwright")
APT = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq")
NAMED = os.environ.get("CHROMIUM")  # noqa: TID251 - not a setting of Baton's
HOW = """No Chromium starts, and none could be installed. Either
  - install your system's: `apt install chromium` (Debian), `dnf install chromium` (Fedora), or Google Chrome; or
  - let playwright install one: `.venv/bin/playwright install --with-deps chromium`, which needs the network, and root
    for the libraries; or
  - name one: `CHROMIUM=/path/to/chrome make test-browser`."""


def find() -> Path | None:
    """Return the first Chromium that starts: `CHROMIUM`, playwright's own, or the system's; otherwise None."""
    return next((path for path in candidates() if starts(path)), None)


def candidates() -> Iterator[Path]:
    if NAMED:
        yield Path(NAMED)
        return
    with sync_playwright() as playwright:
        yield Path(playwright.chromium.executable_path)
    yield from (Path(found) for name in NAMES if (found := shutil.which(name)))


def starts(path: Path) -> bool:
    """Return whether a browser can show a page: it may be missing, be a stub package, or lack libraries."""
    try:
        with sync_playwright() as playwright, playwright.chromium.launch(executable_path=path) as browser:
            return bool(browser.new_page().evaluate("true"))
    except Error:
        return False


def install() -> Path | None:
    """Install a Chromium from playwright or, as root, from Debian."""
    root = os.geteuid() == 0
    if ran(*PLAYWRIGHT, "install", "chromium"):
        return find() or (find() if root and ran(*PLAYWRIGHT, "install-deps", "chromium") else None)
    if root and shutil.which("apt-get") and ran(*APT, "update"):
        ran(*APT, "install", "--no-install-recommends", "chromium")
    return find()


def ran(*command: str) -> bool:
    return subprocess.run(command, check=False).returncode == 0


def main() -> int:
    found = find() or (None if NAMED else install())
    print(f"the browser: {found}" if found else HOW, file=sys.stdout if found else sys.stderr)
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
