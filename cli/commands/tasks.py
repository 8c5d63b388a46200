"""submit, watch, result, cancel, tasks, catalog: working with tasks."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.markup import escape

from cli import arguments, screen
from cli.client import Client, Json
from cli.commands.options import AsJson, TaskIdArgument, session
from cli.errors import EXIT_INTERRUPTED, EXIT_OF, GatewayUnreachable
from cli.follow import follow
from cli.schema import describe_type, replace_media
from cli.transfer import save_artifacts, send_file
from common.state.context import Status


def submit(
    context: typer.Context,
    task_name: Annotated[str, typer.Argument(help="For example ffmpeg.extract_audio; `baton catalog` lists them.")],
    inputs: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE | KEY:=JSON | @FILE.json]...", help="The task's input.")
    ] = None,
    *,
    callback: Annotated[str | None, typer.Option(help="POST the result to this URL.")] = None,
    task_id: Annotated[
        str | None, typer.Option(help="Choose the id; repeating the same request returns the same task.")
    ] = None,
    priority: Annotated[int | None, typer.Option(min=0, max=9, help="9 is most urgent, 5 is the default.")] = None,
    wait: Annotated[float | None, typer.Option(metavar="SECONDS", help="Wait for the end, at most this long.")] = None,
    watch_it: Annotated[bool, typer.Option("--watch", "-w", help="Follow it to its end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Submit a task. Local files are uploaded first.

    Exit status with --watch, or with --wait if it ended: 0 SUCCESS, 1 FAILED, 3 CANCELLED.
    """
    with session(context).client() as client:
        data = upload_media(client, task_name, arguments.read(inputs or []), quiet=as_json)
        request = {"callback": callback, "task_id": task_id, "priority": priority}
        chosen = {key: value for key, value in request.items() if value is not None}
        accepted = client.submit({"task_name": task_name, "input_data": data} | chosen, wait)
        if watch_it and not Status(accepted["status"]).final:
            accepted = watch_to_end(client, accepted["task_id"], quiet=as_json)
        elif Status(accepted["status"]).final:
            accepted = client.task(accepted["task_id"])
    show_task(accepted, as_json=as_json)


def watch(context: typer.Context, task_id: TaskIdArgument, *, as_json: AsJson = False) -> None:
    """Follow a task to its end, then show its result. Exit status: 0 SUCCESS, 1 FAILED, 3 CANCELLED."""
    with session(context).client() as client:
        show_task(watch_to_end(client, task_id, quiet=as_json), as_json=as_json)


def result(
    context: typer.Context,
    task_id: TaskIdArgument,
    *,
    save: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Also download its output files.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show a task. Exit status: 0 if it is unfinished or SUCCESS, 1 FAILED, 3 CANCELLED."""
    with session(context).client() as client:
        found = client.task(task_id)
        if save is not None:
            save_artifacts(client, found, save, quiet=as_json)
    show_task(found, as_json=as_json)


def cancel(context: typer.Context, task_id: TaskIdArgument, *, as_json: AsJson = False) -> None:
    """Cancel a task. A running task stops first, and releases what it holds."""
    with session(context).client() as client:
        answer = client.cancel(task_id)
    if as_json:
        screen.show_json(answer)
    else:
        screen.note(f"{escape(task_id)}: cancelling; `baton watch {escape(task_id)}` shows its end.")


def tasks(
    context: typer.Context,
    *,
    status: Annotated[Status | None, typer.Option(case_sensitive=False, help="Only these.")] = None,
    task_name: Annotated[str | None, typer.Option("--task", help="Only tasks of this name.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Number of tasks, newest first.")] = 20,
    cursor: Annotated[str | None, typer.Option(help="Where the previous page ended.")] = None,
    as_json: AsJson = False,
) -> None:
    """List tasks, newest first."""
    with session(context).client() as client:
        page = client.tasks(status=status, task_name=task_name, limit=limit, cursor=cursor)
    if as_json:
        screen.show_json(page)
        return
    listed = screen.table("task", "name", "status", "created (UTC)")
    for item in page["tasks"]:
        created = item["created_at"][:19].replace("T", " ")
        listed.add_row(escape(item["task_id"]), escape(item["task_name"]), screen.color_status(item["status"]), created)
    screen.out.print(listed)
    if following := page.get("next_cursor"):
        screen.note(f"[dim]more: baton tasks --cursor {escape(following)}[/]")


def catalog(
    context: typer.Context,
    task_name: Annotated[str | None, typer.Argument(help="Show the inputs and outputs of this task.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List every task, or one task's inputs and outputs."""
    with session(context).client() as client:
        known = client.catalog()
    if task_name is not None and task_name not in known:
        raise typer.BadParameter(f"there is no task {task_name}; `baton catalog` lists all tasks")
    if as_json:
        screen.show_json(known[task_name] if task_name else list(known.values()))
    elif task_name:
        show_contract(known[task_name])
    else:
        show_catalog(known)


def upload_media(client: Client, task_name: str, data: Json, *, quiet: bool) -> Json:
    """Upload the local files that the task's schema declares as media, and replace them by their ids."""

    def upload_file(text: str) -> str:
        path = Path(text).expanduser()
        return str(send_file(client, path, quiet=quiet)["id"]) if path.is_file() else text

    return dict(replace_media(client.input_schema(task_name), data, upload_file))


def watch_to_end(client: Client, task_id: str, *, quiet: bool) -> Json:
    """Show the task's progress until it ends; return its record."""
    try:
        with screen.task_bar(quiet=quiet) as bar:
            for event in follow(client, task_id, lambda reason: screen.note(f"[dim]{escape(reason)}; reconnecting[/]")):
                bar.show(event)
                if event.name == "ping":  # nothing has happened for some seconds
                    with suppress(GatewayUnreachable):
                        bar.explain(client.wait_reason(task_id))
    except KeyboardInterrupt:
        leave_running(task_id)
    return client.task(task_id)


def leave_running(task_id: str) -> NoReturn:
    name = escape(task_id)
    screen.note(f"{name} continues. `baton watch {name}` follows it again, `baton cancel {name}` ends it.")
    raise typer.Exit(EXIT_INTERRUPTED)


def show_task(context: Json, *, as_json: bool) -> None:
    """Print a record, or the short answer to a submission, and exit with the matching status."""
    if as_json:
        screen.show_json(context)
    elif "stages" in context:
        screen.show_context(context)
    else:
        name = escape(context["task_id"])
        screen.out.print(f"[bold]{name}[/]  {screen.color_status(context['status'])}")
        screen.note(f"[dim]baton watch {name}[/]")
    raise typer.Exit(EXIT_OF.get(Status(context["status"]), 0))


def show_catalog(known: dict[str, Json]) -> None:
    listed = screen.table("task", "device", "what it does")
    for name, contract in known.items():
        device = "GPU" if contract.get("needs_gpu") else "CPU"
        listed.add_row(f"[bold]{escape(name)}[/]", device, escape(contract.get("summary") or ""))
    screen.out.print(listed)


def show_contract(contract: Json) -> None:
    screen.out.print(f"[bold]{escape(contract['task_name'])}[/]  {escape(contract.get('summary') or '')}")
    for title in ("input", "output"):
        schema = contract[f"{title}_schema"]
        listed = screen.table(title, "type", "default", "")
        for name, field in schema.get("properties", {}).items():
            default = "required" if name in schema.get("required", []) else repr(field.get("default", ""))
            listed.add_row(
                f"[bold]{escape(name)}[/]",
                escape(describe_type(field, schema)),
                escape(default) if title == "input" else "",
                escape(field.get("description", "")),
            )
        screen.out.print(listed)
