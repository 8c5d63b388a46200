"""Make subtitles for a video and follow it live, with httpx.

Run: python subtitles.py clip.mp4 > clip.srt
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx

TASK = "faster_whisper.transcribe_audio"


def main(video: Path) -> None:
    baton = httpx.Client(
        base_url=os.environ.get("BATONCTL_URL", "http://127.0.0.1:8000"),
        headers={"X-API-Key": os.environ.get("BATONCTL_API_KEY", "")},
        event_hooks={"response": [httpx.Response.raise_for_status]},
        timeout=30,  # a live stream sends a ping every 10 s
    )

    with video.open("rb") as content:
        file = baton.post("/v1/files", files={"file": content}).json()

    wanted = {"task_name": TASK, "input_data": {"audio_path": file["id"]}}
    task = baton.post("/v1/tasks", json=wanted).json()
    links = task["links"]

    while (result := baton.get(links["result"])).status_code == httpx.codes.ACCEPTED:  # not finished yet
        with baton.stream("GET", links["events"]) as stream:
            for event, data in events(stream.iter_lines()):
                if event == "fragment":
                    print(*(segment["text"] for segment in data["segments"]), sep="\n", file=sys.stderr)

    if error := result.json().get("error"):
        sys.exit(error["message"])
    print(baton.get(f"{links['self']}/transcript", params={"format": "srt"}).text, end="")


def events(lines: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Yield server-sent events as (name, data)."""
    name = ""
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
