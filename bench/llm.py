"""Translation of 1,000 lines with a server that takes 300 ms per response: `python -m bench.llm`.

Ours is a task, measured from the POST until the client has the result, with 4 and with 16 requests at a time. The plain
ways are a loop with the openai library, in the same batches and line by line; the latter is measured on a part of the
lines and extrapolated. Tokens are characters / 4 of everything sent. The server adds no delay beyond its pause.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import httpx
import openai

from bench.result import keep
from bench.rig import Rig, is_ready, wait_for
from common.transcript.format import Segment, Transcript
from services.llm import prompts
from services.llm.batches import Batch, Line, batches
from services.llm.contracts import TranslateSubtitlesInput
from services.llm.lines import messages
from tests.support.chat_server import ChatServer
from tests.support.ports import free_port

LINES, BATCH, LATENCY_S = 1_000, 20, 0.3
ALONE = 40
"""Number of lines that are sent one by one."""
CHARACTERS_A_TOKEN = 4
NAME = "llm.translate_subtitles"

Row = dict[str, float]


def film() -> Transcript:
    text = "this is what somebody says in the line with the number"
    return Transcript(segments=[Segment(id=n, start=n, end=n + 1, text=f"{text} {n}") for n in range(LINES)])


def run_baton(rig: Rig, chat: ChatServer, at_once: int) -> Row:
    provider = {"base_url": chat.url, "model": "good", "max_concurrency": at_once}
    port = free_port()
    settings = {
        "BATON_LLM__PROVIDERS": json.dumps({"local": provider}),
        "BATON_LLM__DEFAULT_PROVIDER": "local",
        "BATON_GATEWAY__PORT": str(port),
    }
    processes = [rig.python("api_gateway", **settings), rig.python("services", "llm", **settings)]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as http:
        wait_for(lambda: is_ready(http) and http.get("/v1/monitoring/workers").json()["workers"])
        chat.requests.clear()
        began = monotonic()
        body = {"task_name": NAME, "input_data": {"transcript_path": "film.json", "target_language": f"l{at_once}"}}
        done = http.post("/v1/tasks", json=body, headers={"Prefer": "wait=60"}).json()
        seconds = monotonic() - began
    assert done["status"] == "SUCCESS", done
    for process in processes:
        process.terminate()
        process.wait()
    return {"wall_s": seconds, "requests": len(chat.requests["good"]), "tokens": tokens(chat)}


def run_plain(chat: ChatServer, lines: list[Segment], size: int) -> Row:
    params = TranslateSubtitlesInput.model_validate({"transcript_path": "film.json", "target_language": "fr"})
    cut = batches([Line(line.id, line.text) for line in lines], most=size, characters=100_000, context=3)
    client = openai.OpenAI(base_url=chat.url, api_key="none")
    chat.requests.clear()
    began = monotonic()
    for batch in cut:
        translate(client, prompts.translate(params, "fr"), batch)
    part = len(lines) / LINES
    return {
        "wall_s": (monotonic() - began) / part,
        "requests": len(chat.requests["good"]) / part,
        "tokens": tokens(chat) / part,
    }


def translate(client: openai.OpenAI, instructions: str, batch: Batch) -> None:
    asked: Any = messages(instructions, batch)
    client.chat.completions.create(model="good", messages=asked)


def tokens(chat: ChatServer) -> float:
    sent = (message["content"] for request in chat.requests["good"] for message in request["messages"])
    return sum(len(text) for text in sent) / CHARACTERS_A_TOKEN


def main() -> None:
    with TemporaryDirectory() as name, Rig(Path(name)) as rig, ChatServer() as chat:
        chat.latency_s = LATENCY_S
        (rig.folder / "share").mkdir()
        film().write(rig.folder / "share/film.json")
        rows = {
            "ours, 4 at a time": run_baton(rig, chat, 4),
            "ours, 16 at a time": run_baton(rig, chat, 16),
            "plain, batches": run_plain(chat, film().segments, BATCH),
            "plain, line by line": run_plain(chat, film().segments[:ALONE], 1),
        }
    show(rows)
    keep("llm", lines=LINES, latency_s=LATENCY_S, **rows)


def show(rows: dict[str, Row]) -> None:
    print(f"{'':>22}{'wall s':>10}{'of ours':>10}{'requests':>10}{'tokens':>10}")
    base = rows["ours, 4 at a time"]["wall_s"]
    for name, row in rows.items():
        ratio = row["wall_s"] / base
        print(f"{name:>22}{row['wall_s']:>10.2f}{ratio:>10.2f}{row['requests']:>10.0f}{row['tokens']:>10.0f}")


if __name__ == "__main__":
    main()
