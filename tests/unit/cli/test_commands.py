"""The commands: what they send, what they print, and the exit status that a script sees."""

import hashlib
import json
from pathlib import Path

import httpx
import pytest

from tests.unit.cli.fake_gateway import FakeGateway, Run, context, events, problem

CATALOG = {
    "tasks": [
        {
            "task_name": "ffmpeg.probe",
            "summary": "Say what a file holds.",
            "needs_gpu": False,
            "input_schema": {
                "required": ["video_path"],
                "properties": {"video_path": {"type": "string", "format": "media-file"}, "name": {"type": "string"}},
            },
            "output_schema": {"properties": {"duration": {"type": "number", "description": "seconds"}}},
        }
    ]
}
STARTED = 'event: initial_state\ndata: {"status": "RUNNING"}'
ENDS = {
    "SUCCESS": 'event: signal\ndata: {"code": "task_complete"}',
    "FAILED": 'event: error\ndata: {"code": "not_media", "message": "no"}',
    "CANCELLED": 'event: signal\ndata: {"code": "task_cancelled"}',
}


@pytest.fixture
def accepting_gateway(gateway: FakeGateway) -> FakeGateway:
    gateway.on("GET /v1/catalog", CATALOG)
    gateway.on("POST /v1/files", {"id": "file_1"})
    accepted = {"task_id": "ep-1", "task_name": "ffmpeg.probe", "status": "PENDING"}
    gateway.on("POST /v1/tasks", httpx.Response(202, json=accepted))
    return gateway


def submitted_body(gateway: FakeGateway) -> dict[str, object]:
    (request,) = gateway.requests_to("POST /v1/tasks")
    return dict(json.loads(request.content))


def test_submit_sends_what_was_written(accepting_gateway: FakeGateway, baton: Run) -> None:
    options = ("--task-id", "ep-1", "--priority", "7", "--callback", "https://me/done?key=1")
    ran = baton("submit", "ffmpeg.probe", "video_path=inputs/a.mp4", "deep:=true", *options)
    assert ran.exit_code == 0, ran.output
    assert submitted_body(accepting_gateway) == {
        "task_name": "ffmpeg.probe",
        "input_data": {"video_path": "inputs/a.mp4", "deep": True},
        "task_id": "ep-1",
        "priority": 7,
        "callback": "https://me/done?key=1",
    }
    assert accepting_gateway.requests_to("POST /v1/tasks")[0].headers["X-API-Key"] == "key"


def test_submit_uploads_a_local_file_where_the_schema_wants_media(
    accepting_gateway: FakeGateway, baton: Run, tmp_path: Path
) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"frames")
    ran = baton("submit", "ffmpeg.probe", f"video_path={clip}", f"name={clip}")
    assert ran.exit_code == 0, ran.output
    assert submitted_body(accepting_gateway)["input_data"] == {"video_path": "file_1", "name": str(clip)}
    (upload,) = accepting_gateway.requests_to("POST /v1/files")
    assert b"frames" in upload.content
    assert b'filename="clip.mp4"' in upload.content


def test_submit_can_wait(accepting_gateway: FakeGateway, baton: Run) -> None:
    accepting_gateway.on("POST /v1/tasks", context("FAILED"))
    accepting_gateway.on("GET /v1/tasks/ep-1", context("FAILED"))
    assert baton("submit", "ffmpeg.probe", "--wait", "5").exit_code == 1
    assert accepting_gateway.requests_to("POST /v1/tasks")[0].headers["Prefer"] == "wait=5"


@pytest.mark.parametrize(("status", "exit_code"), [("SUCCESS", 0), ("FAILED", 1), ("CANCELLED", 3)])
def test_the_exit_status_says_how_a_watched_task_ended(
    accepting_gateway: FakeGateway, baton: Run, status: str, exit_code: int
) -> None:
    accepting_gateway.on("GET /v1/tasks/ep-1/events", events(STARTED, ENDS[status]))
    accepting_gateway.on("GET /v1/tasks/ep-1", context(status))
    for command in (["watch", "ep-1"], ["submit", "ffmpeg.probe", "--watch"], ["result", "ep-1"]):
        assert baton(*command).exit_code == exit_code


def test_a_watched_task_that_waits_says_for_what_and_one_that_is_tried_again_says_why(
    accepting_gateway: FakeGateway, baton: Run
) -> None:
    ping = "event: ping\ndata: {}"
    retrying = 'event: signal\ndata: {"code": "retrying", "attempt": 2, "reason": "download_failed"}'
    accepting_gateway.on("GET /v1/tasks/ep-1/events", events(STARTED, ping, retrying, ENDS["FAILED"]))
    error = {"code": "download_failed", "message": "It broke off.", "detail": {"host": "example.org"}}
    accepting_gateway.on("GET /v1/tasks/ep-1", context("FAILED", error=error))
    accepting_gateway.on("GET /v1/tasks/ep-1/wait-reason", {"reason": "no_worker", "message": "No worker is alive."})
    ran = baton("watch", "ep-1")
    assert len(accepting_gateway.requests_to("GET /v1/tasks/ep-1/wait-reason")) == 1
    assert "attempt 1 ended: download_failed" in ran.stderr
    assert "host: example.org" in ran.stdout


def test_json_is_one_document_on_stdout(accepting_gateway: FakeGateway, baton: Run) -> None:
    accepting_gateway.on("GET /v1/tasks/ep-1/events", events(STARTED, ENDS["SUCCESS"]))
    accepting_gateway.on("GET /v1/tasks/ep-1", context("SUCCESS"))
    ran = baton("submit", "ffmpeg.probe", "--watch", "--json")
    assert json.loads(ran.stdout)["status"] == "SUCCESS"


def test_ctrl_c_leaves_the_task_running_and_says_so(
    accepting_gateway: FakeGateway, baton: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raise_interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.commands.tasks.follow", raise_interrupt)
    ran = baton("watch", "ep-1")
    assert ran.exit_code == 130
    assert "ep-1 continues" in ran.stderr
    assert accepting_gateway.requests_to("POST /v1/tasks/ep-1/cancel") == []


def test_a_problem_is_told_with_its_code_its_detail_and_a_way_on(gateway: FakeGateway, baton: Run) -> None:
    errors = [{"field": "input_data.rate", "message": "too low"}]
    gateway.on("GET /v1/catalog", CATALOG)
    gateway.on("POST /v1/tasks", problem(422, "invalid_input", "rate does not fit.", errors=errors))
    ran = baton("submit", "ffmpeg.probe", "rate:=1")
    assert ran.exit_code == 2
    for part in ("invalid_input", "rate does not fit.", "too low", "baton catalog"):
        assert part in ran.stderr


def test_without_a_gateway_it_says_how_to_start_one(gateway: FakeGateway, baton: Run) -> None:
    gateway.on("GET /v1/tasks", httpx.ConnectError("refused"))
    ran = baton("tasks")
    assert ran.exit_code == 1
    assert "make up" in ran.stderr


def test_a_wrong_item_is_a_usage_error(accepting_gateway: FakeGateway, baton: Run) -> None:
    assert baton("submit", "ffmpeg.probe", "nonsense").exit_code == 2
    assert accepting_gateway.requests_to("POST /v1/tasks") == []


def test_what_a_server_says_is_never_read_as_markup(gateway: FakeGateway, baton: Run) -> None:
    gateway.on("GET /v1/tasks/ep-1", problem(500, "internal_error", "[/nothing] [bold]x"))
    ran = baton("result", "ep-1")
    assert "[/nothing] [bold]x" in ran.stderr


def test_tasks_lists_and_names_the_next_page(gateway: FakeGateway, baton: Run) -> None:
    page = {"tasks": [context("RUNNING", created_at="2026-01-01T00:00:00Z")], "next_cursor": "c-2"}
    gateway.on("GET /v1/tasks", page)
    ran = baton("tasks", "--status", "running", "--limit", "5")
    assert "ep-1" in ran.stdout
    assert "c-2" in ran.stderr
    assert dict(gateway.requests[0].url.params) == {"status": "RUNNING", "limit": "5"}


def test_catalog_lists_all_or_describes_one(accepting_gateway: FakeGateway, baton: Run) -> None:
    assert "Say what a file holds." in baton("catalog").stdout
    described = baton("catalog", "ffmpeg.probe").stdout
    assert "media-file" in described
    assert "seconds" in described
    assert baton("catalog", "no.such").exit_code == 2


def test_result_saves_the_files_it_made(gateway: FakeGateway, baton: Run, tmp_path: Path) -> None:
    artifact = {"path": "workflows/ep-1/attempt-1/audio.wav", "url": "/v1/files/a/audio.wav", "size": 4}
    done = context("SUCCESS")
    done["stages"]["ffmpeg.probe"]["output"] = {"audio_path": artifact, "more": [artifact]}
    gateway.on("GET /v1/tasks/ep-1", done)
    gateway.on("GET /v1/files/a/audio.wav", httpx.Response(200, content=b"RIFF"))
    assert baton("result", "ep-1", "--save", str(tmp_path / "out")).exit_code == 0
    assert [(file.name, file.read_bytes()) for file in (tmp_path / "out").iterdir()] == [("audio.wav", b"RIFF")]


def test_a_key_comes_with_the_hash_that_the_settings_want(baton: Run) -> None:
    made = json.loads(baton("key", "--json").stdout)
    assert made["hash"] == "sha256:" + hashlib.sha256(made["api_key"].encode()).hexdigest()
    assert made["api_key"] != json.loads(baton("key", "--json").stdout)["api_key"]
