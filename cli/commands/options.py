"""Options that many commands share, and the gateway they refer to."""

from pathlib import Path
from typing import Annotated

import typer

from cli.client import Client
from cli.stack.folder import StateDir

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, for scripts.")]
TaskIdArgument = Annotated[str, typer.Argument(metavar="TASK_ID", help="The id that `submit` printed.")]

DEFAULT_URL = "http://127.0.0.1:8000"


class CliSession:
    """The options before the command."""

    def __init__(self, *, url: str | None, api_key: str | None, state_dir: Path) -> None:
        self.state_dir = StateDir(state_dir.resolve())
        self.url = url
        self.api_key = api_key

    def client(self) -> Client:
        """Connect to the named gateway, or else to the running local stack, or else to the default port."""
        return Client(self.url or self.state_dir.running_url() or DEFAULT_URL, self.api_key)


def session(context: typer.Context) -> CliSession:
    found = context.find_object(CliSession)
    assert found is not None, "the callback of cli.main creates it"  # noqa: S101 - for the type checker
    return found
