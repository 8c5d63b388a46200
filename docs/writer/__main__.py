"""Write docs/reference: `python -m docs.writer`, or `make docs`."""

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

import services
from docs.writer import command_line, errors, events, http, metrics, models, settings, tasks
from docs.writer.markdown import join_blocks, table

FOLDER = Path(__file__).parents[1] / "reference"
NOTE = "<!-- Written by `make docs` from the code: change that, not this. -->"

INDEX = {
    "tasks/README.md": "every task: what it takes, what it gives, limits and defaults",
    "http.md": "the HTTP API: routes, parameters, answers",
    "events.md": "live events, callbacks, alerts",
    "errors.md": "every error code, its status, and what to do",
    "settings.md": "every setting, its variable, default and limits",
    "models.md": "the models that Baton knows by name",
    "metrics.md": "Prometheus metrics",
    "cli.md": "the `baton` command",
}


def pages() -> Mapping[str, str]:
    """Return every page by its path under docs/reference."""
    catalog = services.catalog()
    written = {
        "README.md": index(),
        "tasks/README.md": tasks.index(catalog),
        "http.md": http.page(),
        "events.md": events.page(),
        "errors.md": errors.page(),
        "settings.md": settings.page(),
        "models.md": models.page(services.models()),
        "metrics.md": metrics.page(),
        "cli.md": command_line.page(),
    }
    for service, contracts in groupby(catalog.values(), key=lambda one: one.queue):
        written[f"tasks/{service}.md"] = tasks.page(service, contracts)
    return {name: f"{NOTE}\n\n{text}" for name, text in written.items()}


def index() -> str:
    rows = (
        (f"[{name.removesuffix('/README.md').removesuffix('.md')}]({name})", words) for name, words in INDEX.items()
    )
    intro = "Written from the code by `make docs`, so it says what this version does. The Redis keys stand in"
    return join_blocks(
        ["# Reference", f"{intro} [architecture](../architecture.md#state-in-redis).", table(("page", "tells"), rows)]
    )


def write() -> None:
    """Write the pages, and remove those of what is no more."""
    written = pages()
    for name, text in written.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path in FOLDER.rglob("*.md"):
        if path.relative_to(FOLDER).as_posix() not in written:
            path.unlink()


if __name__ == "__main__":
    write()
