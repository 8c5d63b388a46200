"""Output of the command line: results on stdout, everything else (bars, notes, errors) on stderr."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from cli.client import Json
from cli.errors import CommandError
from cli.sse import Event
from common.errors import BatonError
from common.state.context import Status

COLOR_OF = {
    Status.PENDING: "yellow",
    Status.RUNNING: "cyan",
    Status.SUCCESS: "green",
    Status.FAILED: "red",
    Status.CANCELLED: "magenta",
}

SCRIPT_WIDTH = 200
"""Columns without a terminal: output for other programs is never wrapped."""

out = Console()
if not out.is_terminal:
    out.width = SCRIPT_WIDTH
notes = Console(stderr=True, highlight=False)


def show_json(value: Any) -> None:
    """Print in color on a terminal, and as plain JSON for a script."""
    if out.is_terminal:
        out.print_json(data=value)
    else:
        print(json.dumps(value, indent=2, ensure_ascii=False))


def note(text: str) -> None:
    notes.print(text, soft_wrap=True)


def show_error(error: BatonError) -> None:
    note(f"[bold red]{escape(error.code)}[/]: {escape(error.message)}")
    show_detail(notes, error.detail)
    if isinstance(error, CommandError) and error.advice:
        note(f"  {escape(error.advice)}")


def show_detail(where: Console, detail: Json) -> None:
    for key, value in problem_members(detail):
        told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        where.print(f"  [dim]{escape(key)}:[/] {escape(told)}", soft_wrap=True)


def problem_members(detail: Json) -> Iterator[tuple[str, Any]]:
    """Yield the additional members of a problem, each invalid field separately."""
    for key, value in detail.items():
        if key == "errors":
            yield from ((error["field"], error["message"]) for error in value)
        else:
            yield key, value


def table(*columns: str) -> Table:
    drawn = Table(box=None, header_style="bold dim", pad_edge=False)
    for column in columns:
        drawn.add_column(column, overflow="fold")
    return drawn


def color_status(status: str) -> str:
    return f"[{COLOR_OF.get(Status(status), 'white')}]{status}[/]"


def seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.3f} s"


def show_context(context: Json) -> None:
    """Print a task's record: its state, where the time went, and its output."""
    out.print(
        f"[bold]{escape(context['task_id'])}[/]  {escape(context['task_name'])}  {color_status(context['status'])}"
    )
    for name, stage in context["stages"].items():
        show_stage(name, stage)
    if error := context.get("error"):
        out.print(f"[red]{escape(error['code'])}[/]: {escape(error['message'])}")
        show_detail(out, error["detail"])


def show_stage(name: str, stage: Json) -> None:
    times = table("stage", "attempt", "seconds")
    times.add_row(escape(name), str(stage["attempt"]), seconds(stage["duration"]))
    for part, value in stage["timings"].items():
        if value is not None:
            times.add_row(f"  {escape(part)}", "", seconds(value))
    out.print(times)
    for key, value in stage["output"].items():
        out.print(f"  [bold]{escape(key)}[/] {escape(describe_output(value))}", soft_wrap=True)


def describe_output(value: Any) -> str:
    if isinstance(value, dict) and {"path", "size"} <= value.keys():
        return f"{value['path']} ({value['size']:,} bytes)"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class TaskBar:
    """A task's progress, drawn from its events."""

    def __init__(self, bar: Progress) -> None:
        self.bar = bar
        self.row = bar.add_task("waiting", total=100.0)

    def show(self, event: Event) -> None:
        match event.name:
            case "initial_state":
                self.show_state(event.data)
            case "progress":
                self.show_progress(event.data)
            case "fragment":
                for segment in filter(itemgetter("text"), event.data.get("segments", [])):
                    self.bar.console.print(f"[dim]{segment['start']:8.2f}[/]  {escape(segment['text'])}")
            case "signal":
                self.show_signal(event.data)

    def show_state(self, context: Json) -> None:
        stage = context.get("stages", {}).get(context.get("task_name"), {})
        self.show_progress({"phase": context["status"].lower()} | (stage.get("progress") or {}))

    def explain(self, told: Json) -> None:
        """Show why the task waits, if it does."""
        if told["reason"] not in {"running", "finished"}:
            self.bar.update(self.row, description=escape(told["message"]))

    def show_progress(self, progress: Json) -> None:
        phase = progress.get("message") or progress.get("phase") or ""
        # an empty text keeps the previous one; task messages are plain text, but the column interprets markup
        self.bar.update(self.row, completed=progress.get("percent", 0.0), description=escape(phase) or None)

    def show_signal(self, signal: Json) -> None:
        code = signal["code"]
        if code == "retrying":
            ended = signal["attempt"] - 1
            self.bar.console.print(f"[yellow]attempt {ended} ended:[/] {escape(signal['reason'])}; another follows")
        self.bar.update(self.row, description=escape(code.replace("_", " ")))
        if code == "task_complete":
            self.bar.update(self.row, completed=100.0)


@contextmanager
def task_bar(*, quiet: bool = False) -> Iterator[TaskBar]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<24}"),
        BarColumn(),
        TextColumn("{task.percentage:5.1f} %"),
    )
    with Progress(*columns, TimeElapsedColumn(), console=notes, disable=quiet) as bar:
        yield TaskBar(bar)


@contextmanager
def byte_bar(*, quiet: bool = False) -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=notes, disable=quiet) as bar:
        yield bar
