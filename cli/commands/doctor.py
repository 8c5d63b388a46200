"""doctor: check what Baton needs on this machine."""

import typer
from rich.markup import escape

from cli import screen
from cli.commands.options import AsJson, session
from cli.doctor import Machine, run_checks
from cli.errors import EXIT_FAILED


def doctor(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Check what Baton needs on this machine, one line each. Exit status 1 if there is a problem."""
    findings = run_checks(Machine.of_settings(session(context).state_dir))
    if as_json:
        screen.show_json({name: {"ok": found.fine, "text": found.text} for name, found in findings.items()})
    else:
        for name, found in findings.items():
            mark = "[green]ok[/]    " if found.fine else "[red]failed[/]"
            screen.out.print(f"{mark}  {name:<8} {escape(found.text)}", soft_wrap=True)
    if not all(found.fine for found in findings.values()):
        raise typer.Exit(EXIT_FAILED)
