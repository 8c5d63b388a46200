"""The page of the `baton` command, from its own help."""

from collections.abc import Iterator
from typing import Any

import typer

from cli.main import app
from docs.writer.markdown import code, join_blocks, table

INTRO = """The command is `.venv/bin/baton`; `make up` and `make demo` install it. It writes results to stdout and
everything else to stderr; with `--json`, results are JSON. Exit status: 0 success; 1 the task or the command
failed; 2 wrong usage, or the gateway refused the request; 3 the task was cancelled; 130 Ctrl-C."""


def page() -> str:
    """Return the page, a section for each command."""
    group: Any = typer.main.get_command(app)
    parts = ["# The command line", INTRO, "## Options of every command", options(group)]
    for name, command in group.commands.items():
        parts += [f"## {code(f'baton {name}')}", str(command.help), options(command)]
    return join_blocks(parts)


def options(command: Any) -> str:
    """Return the table of a command's arguments and options, without the options that every command has."""
    return table(("argument or option", "meaning"), rows(command))


def rows(command: Any) -> Iterator[tuple[str, str]]:
    for one in command.params:
        if {"--help", "--install-completion", "--show-completion"} & set(one.opts):
            continue
        argument = one.param_type_name == "argument"
        names = [one.metavar or one.name.upper()] if argument else [*one.opts, *one.secondary_opts]
        value = f" {one.metavar}" if one.metavar and not argument else ""
        yield " ".join(map(code, [*names[:-1], names[-1] + value])), describe_option(one)


def describe_option(one: Any) -> str:
    """Return the help of an option, with its environment variable."""
    variable = f" Variable: {code(one.envvar)}." if one.envvar else ""
    return f"{one.help or ''}{variable}"
