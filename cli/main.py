"""The `baton` command: its commands, and the conversion of errors to text and an exit status."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typing_extensions import override

from cli import screen
from cli.commands import doctor, files, keys, models, stack, tasks
from cli.commands.options import DEFAULT_URL, CliSession
from cli.errors import EXIT_FAILED, EXIT_INTERRUPTED, CommandError
from cli.stack.folder import DEFAULT
from common.errors import BatonError


class ErrorBoundary(TyperGroup):
    """Wraps every command: an error is printed in two lines, never as a stack trace."""

    @override
    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BatonError as error:
            screen.show_error(error)
            raise typer.Exit(error.exit_status if isinstance(error, CommandError) else EXIT_FAILED) from error
        except KeyboardInterrupt as error:
            raise typer.Exit(EXIT_INTERRUPTED) from error


app = typer.Typer(cls=ErrorBoundary, no_args_is_help=True, rich_markup_mode="rich", pretty_exceptions_show_locals=False)


@app.callback()
def baton(
    context: typer.Context,
    *,
    url: Annotated[
        str | None,
        typer.Option(envvar="BATONCTL_URL", help=f"The gateway; default: the local stack, or else {DEFAULT_URL}."),
    ] = None,
    api_key: Annotated[str | None, typer.Option(envvar="BATONCTL_API_KEY", help="Sent as X-API-Key.")] = None,
    state_dir: Annotated[
        Path,
        typer.Option(envvar="BATONCTL_STATE_DIR", help="Folder of the local stack's files.", show_default=False),
    ] = DEFAULT,
) -> None:
    """Baton: one GPU box as a media-AI service. Submit tasks, follow them, and run a local stack."""
    context.obj = CliSession(url=url, api_key=api_key, state_dir=state_dir)


COMMANDS: dict[str, list[Callable[..., None]]] = {
    "The local stack": [stack.up, stack.down, stack.status, stack.logs, stack.demo],
    "Tasks": [tasks.submit, tasks.watch, tasks.result, tasks.cancel, tasks.tasks, tasks.catalog, files.upload],
    "Administration": [models.models, keys.key, doctor.doctor],
}

for panel, commands in COMMANDS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
