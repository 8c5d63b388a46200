"""Transfer files to and from the gateway, with a progress bar."""

from functools import partial
from pathlib import Path
from typing import Any

from rich.markup import escape

from cli import screen
from cli.client import Client, Json


def send_file(client: Client, path: Path, *, quiet: bool = False) -> Json:
    with screen.byte_bar(quiet=quiet) as bar, bar.open(path, "rb", description=escape(path.name)) as file:
        return client.upload(file, path.name)


def save_artifacts(client: Client, context: Json, folder: Path, *, quiet: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for stage in context["stages"].values():
        for artifact in artifacts(stage["output"]):
            target = folder / Path(artifact["path"]).name
            with screen.byte_bar(quiet=quiet) as bar:
                row = bar.add_task(escape(str(target)), total=artifact["size"])
                client.download(artifact["url"], target, partial(bar.advance, row))


def artifacts(output: Any) -> list[Json]:
    """Return every file in an output, at any depth."""
    if isinstance(output, dict):
        if {"path", "url", "size"} <= output.keys():
            return [output]
        output = list(output.values())
    return [found for item in output for found in artifacts(item)] if isinstance(output, list) else []
