"""upload: upload local files to the gateway."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from cli import screen
from cli.commands.options import AsJson, session
from cli.transfer import send_file


def upload(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, readable=True)],
    *,
    as_json: AsJson = False,
) -> None:
    """Upload files and print their ids, for use in a task's input."""
    with session(context).client() as client:
        sent = [send_file(client, file, quiet=as_json) for file in files]
    if as_json:
        screen.show_json(sent)
        return
    for file, answer in zip(files, sent, strict=True):
        screen.out.print(f"[bold]{escape(answer['file_id'])}[/]  {escape(file.name)}", soft_wrap=True)
