"""models: list them, download one, unload one."""

from typing import Annotated

import typer
from rich.markup import escape

from cli import screen
from cli.client import Client, Json
from cli.commands.options import AsJson, session
from cli.commands.tasks import show_task, watch_to_end
from common.settings import MIB

Wanted = Annotated[str | None, typer.Argument(metavar="ENGINE/NAME", help="Only this one, named as in the list.")]


def models(
    context: typer.Context,
    model: Wanted = None,
    *,
    download: Annotated[
        bool, typer.Option("--download", help="Download it to share/models, and follow the progress.")
    ] = False,
    unload: Annotated[bool, typer.Option("--unload", help="Make every worker unload it.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the models: which are here, which are loaded where. Or download one, or unload one."""
    if (download or unload) and model is None:
        raise typer.BadParameter("name the model: `baton models` lists them")
    if download and unload:
        raise typer.BadParameter("either --download or --unload")
    with session(context).client() as client:
        if download:
            download_model(client, str(model), as_json=as_json)
        elif unload:
            unload_model(client, str(model), as_json=as_json)
        else:
            found = [entry for entry in client.models() if model in (None, entry["id"])]
            show(found, as_json=as_json)


def download_model(client: Client, model: str, *, as_json: bool) -> None:
    """Download a model and exit with the status of its task; nothing is done if the model is already here."""
    answer = client.download_model(model)
    if "task_id" in answer:
        show_task(watch_to_end(client, answer["task_id"], quiet=as_json), as_json=as_json)
    show([answer], as_json=as_json)


def unload_model(client: Client, model: str, *, as_json: bool) -> None:
    answer = client.unload_model(model)
    if as_json:
        screen.show_json(answer)
    elif answer["unloaded"]:
        screen.note(f"{escape(model)}: not loaded anywhere")
    else:
        workers = ", ".join(ask["worker"] for ask in answer["asked"])
        screen.note(f"{escape(model)}: in use; {escape(workers)} will unload it when the task is done")


def show(found: list[Json], *, as_json: bool) -> None:
    if as_json:
        screen.show_json(found)
        return
    listed = screen.table("model", "status", "size", "loaded on", "")
    for model in found:
        listed.add_row(
            f"[bold]{escape(model['id'])}[/]", status(model), size(model), format_loaded(model), describe_model(model)
        )
    screen.out.print(listed)


def status(model: Json) -> str:
    coming = model["download"]
    return f"{model['status']} {coming['percent']} %" if coming else str(model["status"])


def size(model: Json) -> str:
    return "" if model["size"] is None else f"{model['size'] / MIB:,.0f} MiB"


def format_loaded(model: Json) -> str:
    return escape(", ".join(f"{place['device']} ({place['memory_mib']} MiB)" for place in model["loaded"]))


def describe_model(model: Json) -> str:
    if model["test_model"]:
        return "tiny test model"
    return escape(", ".join(f"default: {setting}" for setting in model["default_for"]))
