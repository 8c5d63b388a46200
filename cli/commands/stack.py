"""up, down, status, logs, demo: the local stack."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from cli import screen
from cli.client import Client, Json
from cli.commands.options import AsJson, session
from cli.stack.demo import run_demo
from cli.stack.folder import StateDir
from cli.stack.lifecycle import down as stop
from cli.stack.lifecycle import members, states
from cli.stack.lifecycle import up as start
from cli.stack.logs import lines as log_lines
from cli.stack.plan import Plan, service_names
from cli.stack.readiness import PATIENCE, Bounds, answer
from cli.stack.supervisord import Process

PREFIX_COLORS = ("cyan", "magenta", "green", "yellow", "blue", "red")


def check_services(chosen: list[str] | None) -> list[str] | None:
    """Return the chosen services; raise BadParameter for one that does not exist here."""
    here = service_names()
    for name in chosen or ():
        if name not in here:
            raise typer.BadParameter(f"there is no service {name}; choose from {', '.join(here)}")
    return chosen


def up(
    context: typer.Context,
    *,
    port: Annotated[
        int | None, typer.Option(help="Port of the gateway; default: the settings.", min=1, max=65_535)
    ] = None,
    redis_url: Annotated[
        str | None,
        typer.Option(envvar="BATON_REDIS__URL", help="Use this Redis instead of starting one.", show_envvar=True),
    ] = None,
    share: Annotated[Path | None, typer.Option(help="The shared volume; default: the settings.")] = None,
    service: Annotated[
        list[str] | None,
        typer.Option(
            callback=check_services, help="Start only the worker of this service; may be repeated. Default: all."
        ),
    ] = None,
    within: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", help="Give up if it is not ready after this. Default: while it makes progress."
        ),
    ] = None,
    patience: Annotated[
        float, typer.Option(metavar="SECONDS", help="Give up if there is no progress for this long.")
    ] = PATIENCE.total_seconds(),
) -> None:
    """Start Redis, gateway and workers; programs that die are restarted. Runs until `baton down`."""
    state_dir = session(context).state_dir
    plan = Plan.of_settings(state_dir, port=port, redis_url=redis_url, share=share, services=service or ())
    bounds = Bounds(timedelta(seconds=patience), None if within is None else timedelta(seconds=within))
    with screen.notes.status("starting"):
        started = start(plan, bounds, lambda text: screen.note(f"[dim]{escape(text)}[/]"))
    url = state_dir.running_url() or plan.url
    screen.note("Baton is up." if started else "Baton is already running; `baton down` first to change its settings.")
    places = {
        "API": url,
        "docs": f"{url}/docs",
        "dashboard": f"{url}/",
        "logs": state_dir.logs,
        "callback secret": state_dir.callback_secret_file,
    }
    for name, place in places.items():
        screen.out.print(f"  {name:<16} {escape(str(place))}", soft_wrap=True)


def down(context: typer.Context) -> None:
    """Stop what `up` started, and wait until it is gone."""
    with screen.notes.status("stopping"):
        stopped = stop(session(context).state_dir)
    screen.note(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")


def status(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show the processes of the local stack, and whether the gateway is ready. Exit status 1 if there is a problem."""
    state_dir = session(context).state_dir
    processes = states(state_dir)
    ready, report = readiness(state_dir)
    if as_json:
        screen.show_json({"processes": [as_dict(process) for process in processes], "ready": ready, "health": report})
    elif not processes:
        screen.note(describe_without_supervisor(state_dir))
    else:
        show_processes(processes)
        checks = ", ".join(f"{name} {said}" for name, said in (report or {}).get("checks", report or {}).items())
        screen.out.print("[green]ready[/]" if ready else "[red]not ready[/]", escape(checks), soft_wrap=True)
    raise typer.Exit(0 if ready and processes and all(process.running for process in processes) else 1)


def logs(
    context: typer.Context,
    programs: Annotated[list[str] | None, typer.Argument(help="For example gateway; default: all.")] = None,
    *,
    last: Annotated[int, typer.Option("--last", "-n", min=1, help="Number of lines of each log to start with.")] = 20,
    follow: Annotated[bool, typer.Option(help="Continue with new lines.")] = True,
) -> None:
    """Show the logs of all programs, and follow them until Ctrl-C."""
    state_dir = session(context).state_dir
    require_logs(state_dir, programs or ())
    colors = cycle(PREFIX_COLORS)
    color_of: dict[str, str] = {}
    try:
        for name, line in log_lines(state_dir, set(programs or ()), last=last, follow=follow):
            color = color_of.setdefault(name, next(colors) if name not in color_of else "")
            screen.out.print(f"[{color}]{escape(name):<16}[/] {escape(line)}", soft_wrap=True, highlight=False)
    except KeyboardInterrupt:
        return


def demo() -> None:
    """Create subtitles of a video on a temporary stack: progress, SRT, signed callback. Leaves nothing behind."""
    run_demo()


def require_logs(state_dir: StateDir, programs: Iterable[str]) -> None:
    """Raise BadParameter if a program has no log, or no stack was ever started."""
    known = sorted(path.stem for path in state_dir.logs.glob("*.log"))
    if not known:
        raise typer.BadParameter("there are no logs yet; `make up` starts the stack")
    for name in programs:
        if name not in known:
            raise typer.BadParameter(f"there is no program {name}; choose from {', '.join(known)}")


def describe_without_supervisor(state_dir: StateDir) -> str:
    if left := len(members(state_dir)):
        return (
            f"supervisord was killed; {left} of its processes are still running, unsupervised. `make up` restarts them."
        )
    return "Nothing is running. `make up` starts the stack."


def readiness(state_dir: StateDir) -> tuple[bool, Json | None]:
    url = state_dir.running_url()
    if url is None:
        return False, None
    with Client(url) as client:
        return answer(client)


def as_dict(process: Process) -> Json:
    return {
        "name": process.name,
        "state": process.state,
        "pid": process.pid,
        "uptime": process.uptime.total_seconds(),
        "restarts": process.restarts,
    }


def show_processes(processes: list[Process]) -> None:
    listed = screen.table("process", "state", "pid", "uptime", "restarts")
    for process in processes:
        state = f"[{'green' if process.running else 'red'}]{process.state}[/]"
        listed.add_row(process.name, state, str(process.pid or ""), str(process.uptime), str(process.restarts))
    screen.out.print(listed)
