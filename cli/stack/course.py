"""The demo's tasks: three tasks that create subtitles of a film, one after the other, each followed live."""

from collections.abc import Iterator
from typing import Any

from rich.markup import escape

from cli import screen
from cli.client import Client, Json
from cli.errors import DemoFailed
from cli.follow import follow
from cli.stack.stopwatch import Stopwatch
from common.state.context import Status

TINY_MODEL = "tiny-test"
LANGUAGE = "en"
LAST = "subtitle.generate_files"


def run_demo_tasks(client: Client, film: str, callback: str, watch: Stopwatch) -> Iterator[Json]:
    """Yield the context of each task when it has ended; the last one also has a callback.

    Raises:
        DemoFailed: a task did not end in SUCCESS.
    """
    sound = run(client, watch, "ffmpeg.extract_audio", video_path=film)
    yield sound
    asked = {"model": TINY_MODEL, "language": LANGUAGE}
    speech = run(client, watch, "faster_whisper.transcribe_audio", audio_path=output_path(sound, "audio_path"), **asked)
    yield speech
    wanted = {"transcript_path": output_path(speech, "transcript_path"), "formats": ["srt"]}
    yield run(client, watch, LAST, callback=callback, **wanted)


def run(client: Client, watch: Stopwatch, name: str, callback: str | None = None, **given: Any) -> Json:
    """Submit one task and follow its events to the end."""
    screen.note(f"[dim]POST {client.url}/v1/tasks[/]  {name}")
    for key, value in given.items():
        screen.note(f"  [dim]{key}[/] {escape(screen.describe_output(value))}")
    accepted = client.submit({"task_name": name, "input_data": given, "callback": callback})
    context = watch.time(name, lambda: watch_task(client, accepted["task_id"]))
    if context["status"] != Status.SUCCESS:
        raise DemoFailed(f"{name} ended {context['status']}.", error=context["error"])
    return context


def watch_task(client: Client, task_id: str) -> Json:
    with screen.task_bar() as bar:
        for event in follow(client, task_id):
            bar.show(event)
    return client.task(task_id)


def output_path(context: Json, member: str) -> str:
    """Return the path of a task's output file."""
    path: str = context["stages"][context["task_name"]]["output"][member]["path"]
    return path
