"""The demo: create subtitles of a film on a temporary stack, from the upload to the signed callback."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from rich.markup import escape

from cli import ROOT, screen
from cli.client import Client, Json
from cli.errors import DemoFailed
from cli.stack.comparison import show_side_by_side
from cli.stack.course import TINY_MODEL, run_demo_tasks
from cli.stack.folder import StateDir
from cli.stack.lifecycle import down, members, up
from cli.stack.logs import tail
from cli.stack.plan import LOOPBACK, Plan, read_settings
from cli.stack.readiness import LOG_LINES
from cli.stack.receiver import ReceivedCallback, receiving
from cli.stack.stopwatch import Stopwatch
from cli.transfer import save_artifacts, send_file
from common.errors import BatonError

SAMPLE = ROOT / "tests" / "fixtures" / "sample.mp4"
EXPECTED = SAMPLE.with_suffix(".srt")
SUBTITLES = "subtitles.srt"
TITLES = (f"{SUBTITLES}, transcribed by {TINY_MODEL}", f"{EXPECTED.name}, what is said")
SERVICES = ("faster_whisper", "ffmpeg", "subtitle")
CALLBACK_WITHIN = timedelta(seconds=30)
CALLBACK_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")

# Overrides what the user has set for their own stack
ENVIRONMENT = {
    "BATON_AUTH__API_KEYS": "[]",
    "BATON_CALLBACKS__ALLOWED_HOSTS": f'["{LOOPBACK}"]',
    "BATON_STORAGE__MIN_FREE_BYTES": "0",
}


def run_demo() -> None:
    """Run the demo, and leave nothing behind.

    Raises:
        DemoFailed: a task did not end in SUCCESS, the callback was wrong, or a process is left.
    """
    watch = Stopwatch()
    with end_on_sigterm(), throw_away_stack(watch) as plan, receiving() as receiver, Client(plan.url) as client:
        film = watch.time("upload", lambda: send_file(client, SAMPLE))
        contexts = list(run_demo_tasks(client, film["id"], receiver.url, watch))
        delivery = watch.time("callback, after that", lambda: receiver.next(CALLBACK_WITHIN))
        body = delivery.verified_body(plan.state_dir.callback_secret())
        require_same_end(contexts[-1], body)
        show_tasks(contexts)
        show_callback(delivery, body)
        show_subtitles(subtitles(client, contexts[-1], plan.state_dir.root))
    show_times(watch.steps)


@contextmanager
def throw_away_stack(watch: Stopwatch) -> Iterator[Plan]:
    """Start a stack in a temporary folder on free ports; always stop and remove it.

    Raises:
        NotStartable: the settings are invalid; reported here instead of in each program's log.
        DemoFailed: another error; its logs were shown.
    """
    read_settings()
    with TemporaryDirectory(prefix="baton-demo-") as name:
        folder = Path(name).resolve()
        scratch = {"TMPDIR": str(folder)}  # temporary files of interrupted programs are removed with the folder
        plan = Plan(StateDir(folder), folder / "share", services=SERVICES, extra_environment=ENVIRONMENT | scratch)
        try:
            with screen.notes.status("starting Redis, gateway and workers"):
                watch.time("start", lambda: up(plan))
            screen.note(f"[dim]gateway ready at {plan.url}[/]")
            yield plan
        except BatonError as error:
            show_logs(plan.state_dir)
            raise DemoFailed(f"{error.code}: {error.message}", **error.detail) from error
        finally:
            with screen.notes.status("stopping"):
                watch.time("stop", lambda: down(plan.state_dir))
    if left := members(plan.state_dir):
        raise DemoFailed(f"Still running: {', '.join(str(process.pid) for process in left)}.")


@contextmanager
def end_on_sigterm() -> Iterator[None]:
    """Let SIGTERM unwind the demo, so that it stops what it started."""

    def leave(number: int, _frame: Any) -> NoReturn:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def require_same_end(context: Json, body: Json) -> None:
    if body["task_id"] != context["task_id"] or body["status"] != context["status"]:
        raise DemoFailed("The end reported in the callback differs from the record.", callback=body)


def subtitles(client: Client, context: Json, folder: Path) -> str:
    """Return the SRT file of the last task."""
    save_artifacts(client, context, folder, quiet=True)
    return (folder / SUBTITLES).read_text(encoding="utf-8")


def show_tasks(contexts: list[Json]) -> None:
    screen.out.rule("[bold]the finished tasks")
    for context in contexts:
        screen.show_context(context)
        screen.out.print()


def show_callback(delivery: ReceivedCallback, body: Json) -> None:
    screen.out.rule("[bold]the last one's callback, signature verified")
    received = {name.lower(): value for name, value in delivery.headers.items()}
    for name in CALLBACK_HEADERS:
        screen.out.print(f"[dim]{name}:[/] {escape(received[name])}", soft_wrap=True)
    screen.out.print(f"[dim]type:[/] {escape(body['type'])}  [dim]keys:[/] {escape(', '.join(body))}", soft_wrap=True)


def show_subtitles(made: str) -> None:
    screen.out.rule("[bold]the subtitles")
    show_side_by_side(TITLES[0], made, TITLES[1], EXPECTED.read_text(encoding="utf-8"))
    screen.out.print(
        f"{TINY_MODEL} is the tiny test model that ships with Baton. It knows a few dozen words and is not "
        "representative of Whisper: name a real model, such as large-v3-turbo, in your own tasks."
    )


def show_times(steps: dict[str, float]) -> None:
    screen.out.rule("[bold]where the time went")
    times = screen.table("step", "seconds")
    for step, taken in steps.items():
        times.add_row(step, screen.seconds(taken))
    screen.out.print(times)
    screen.note("Everything was stopped. `make up` starts a stack that keeps running.")


def show_logs(state_dir: StateDir) -> None:
    for path in sorted(state_dir.logs.glob("*.log")):
        screen.note(f"[bold]{path.name}[/]\n{escape(tail(path, LOG_LINES))}")
