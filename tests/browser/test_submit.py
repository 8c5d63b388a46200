"""Submit view in a real browser, with the real gateway and workers: forms, files, and the resulting tasks."""

import json
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from services import catalog
from tests.support.browsing import Browsing, Device, Scheme, assert_accessible
from tests.support.stack import ROOT, Stack
from tests.support.waiting import wait_until

SAMPLE = ROOT / "tests/fixtures/sample.mp4"
SUBTITLES = ROOT / "tests/fixtures/sample.srt"
SLOW_BYTES_PER_S = 40_000
FILES = ".source-card input[type=file][multiple]"
DROP = """([target, files]) => {
  const transfer = new DataTransfer();
  for (const [name, text, type] of files)
    transfer.items.add(new File([Uint8Array.from(atob(text), (one) => one.charCodeAt(0))], name, {type}));
  const at = target ? document.querySelector(target) : document.body;
  for (const kind of ["dragenter", "dragover", "drop"])
    at.dispatchEvent(new DragEvent(kind, {dataTransfer: transfer, bubbles: true, cancelable: true}));
}"""


@pytest.fixture(scope="module")
def media_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway with workers of ffmpeg and the testing service, and two files below share."""
    with Stack(tmp_path_factory.mktemp("submit")) as stack:
        stack.gateway()
        stack.worker("ffmpeg")
        stack.worker()
        shutil.copy(SAMPLE, stack.share / "film.mp4")
        shutil.copy(SUBTITLES, stack.share / "film.srt")
        yield stack


@pytest.fixture
def page(browsing: Browsing, media_stack: Stack) -> Page:
    return submit_view(browsing, media_stack)


def submit_view(browsing: Browsing, stack: Stack, *, scheme: Scheme = "light", device: Device = "desktop") -> Page:
    shown = browsing.open(stack.url, scheme=scheme, device=device)
    expect(shown.get_by_role("button", name="Submit task")).to_be_visible()
    return shown


def pick(page: Page, task: str) -> None:
    """Choose a task by its name, with the keyboard."""
    page.locator(".task-choice").click()
    page.get_by_role("combobox", name="Search for a task").fill(task)
    page.keyboard.press("Enter")
    expect(page.locator(".chosen-task header code")).to_have_text(task)


def unfold(page: Page) -> None:
    """Open all collapsed sections, including nested ones."""
    while (closed := page.locator(".submit-form details:not([open]) > summary")).count():
        closed.first.click()


def at(page: Page, path: str) -> Locator:
    """Return the control of an input field."""
    return page.locator(f"[id='field-input_data-{path.replace('.', '-')}']")


def name_file(page: Page, reference: str = "film.mp4") -> None:
    """Enter a reference to the main file."""
    page.get_by_placeholder("https://… or inputs/film.mp4").fill(reference)


def press_submit(page: Page, label: str = "Submit task") -> dict[str, Any]:
    """Press the submit button; return the body of the request."""
    with page.expect_request(lambda request: request.url.endswith("/v1/tasks")) as sent:
        page.get_by_role("button", name=label).click()
    body: dict[str, Any] = json.loads(sent.value.post_data or "")
    return body


def task_on_page(page: Page, view: str = "tasks") -> str:
    """Wait for the page of the task that was submitted; return its id."""
    page.wait_for_url(f"**/#/{view}/task_*")
    url: str = page.url
    return url.rpartition("/")[2]


def drop(page: Page, file: Path, target: str = "") -> None:
    """Drop a file on an element, or on the page."""
    page.evaluate(DROP, [target, [[file.name, b64encode(file.read_bytes()).decode(), ""]]])


def tab_to(page: Page, control: Locator) -> None:
    """Press Tab until the control has the focus."""
    for _ in range(60):
        if control.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab never came to {control}")


def slow_uploads(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": SLOW_BYTES_PER_S}
    session.send("Network.emulateNetworkConditions", limits)


# ---- the form ----


@pytest.mark.parametrize("service", catalog().queues)
def test_every_task_of_the_catalog_has_a_form(page: Page, media_stack: Stack, service: str) -> None:
    entries = media_stack.http.get("/v1/catalog").json()["tasks"]
    for entry in (entry for entry in entries if entry["queue"] == service):
        pick(page, entry["task_name"])
        unfold(page)
        for name in entry["input_schema"]["properties"]:
            expect(at(page, name)).to_have_count(1)
            expect(at(page, name)).to_be_visible()
    assert_accessible(page)


def fill_area(page: Page) -> None:
    page.get_by_role("checkbox", name="Area").check()
    at(page, "area.y").fill("0.5")
    at(page, "area.height").fill("0.25")
    at(page, "start").fill("0")
    at(page, "end").fill("12.5")
    at(page, "language").fill("zh")


def fill_tracks(page: Page) -> None:
    at(page, "tracks.0.subtitle_path").fill("film.srt")
    at(page, "tracks.0.language").fill("eng")
    at(page, "tracks.0.default").check()
    page.get_by_role("button", name="Add another").click()
    at(page, "tracks.1.subtitle_path").fill("film.srt")
    page.get_by_role("button", name="Add another").click()
    page.get_by_role("button", name="Remove Tracks 3").click()
    at(page, "keep_existing").uncheck()
    at(page, "container").select_option(label="mkv")


def fill_messages(page: Page) -> None:
    at(page, "messages.0.role").select_option(label="system")
    at(page, "messages.0.content").fill('Say "hi"\n<script>alert(1)</script> \\ 你好')
    page.get_by_role("button", name="Add another").click()
    at(page, "messages.1.role").select_option(label="user")
    at(page, "messages.1.content").fill("{}")
    at(page, "temperature").fill("0")


def fill_glossary(page: Page) -> None:
    for number, (term, written) in enumerate([("巴顿", "Baton"), ("a.b", "c:d")], 1):
        page.get_by_role("button", name="Add" if number == 1 else "Add another").click()
        page.get_by_label(f"Glossary {number}: Name").fill(term)
        page.get_by_label(f"Glossary {number}: Value").fill(written)
    at(page, "target_language").fill("fr")
    at(page, "bilingual").select_option(label="above")


def fill_whisper(page: Page) -> None:
    at(page, "language").select_option(label="German (de)")
    at(page, "vad_filter").uncheck()
    at(page, "vad.threshold").fill("0.25")
    at(page, "vad.min_silence_duration_ms").fill("300")
    at(page, "temperature").fill("0, 0.5 1")
    page.get_by_role("button", name="Compression ratio threshold: none").click()
    at(page, "log_prob_threshold").fill("-0.5")
    at(page, "word_timestamps").check()
    at(page, "beam_size").fill("5")


def fill_style(page: Page) -> None:
    at(page, "subtitle_path").fill("film.srt")
    at(page, "style.bold").select_option(label="No")
    at(page, "style.colour").fill("#00FF7f")
    at(page, "style.position").select_option(label="top")
    page.get_by_label("Font files: add one").fill("film.srt")
    page.keyboard.press("Enter")


def fill_formats(page: Page) -> None:
    for name in ("ass", "srt"):
        page.get_by_role("checkbox", name=name, exact=True).check()
    at(page, "limits.max_lines").fill("1")
    at(page, "limits.merge_short").uncheck()
    at(page, "limits.merge_short").check()


def fill_audio(page: Page) -> None:
    at(page, "channels").select_option(label="2")
    page.get_by_role("button", name="Sample rate: none").click()
    at(page, "format").select_option(label="flac")
    at(page, "allow_damaged").check()
    at(page, "end").fill("1")
    at(page, "end").fill("")


FILLED: dict[str, tuple[Callable[[Page], None], dict[str, Any]]] = {
    "paddleocr.extract_subtitles": (
        fill_area,
        {"video_path": "film.mp4", "area": {"y": 0.5, "height": 0.25}, "start": 0, "end": 12.5, "language": "zh"},
    ),
    "ffmpeg.mux_subtitles": (
        fill_tracks,
        {
            "video_path": "film.mp4",
            "tracks": [
                {"subtitle_path": "film.srt", "language": "eng", "default": True},
                {"subtitle_path": "film.srt"},
            ],
            "keep_existing": False,
            "container": "mkv",
        },
    ),
    "llm.chat": (
        fill_messages,
        {
            "messages": [
                {"role": "system", "content": 'Say "hi"\n<script>alert(1)</script> \\ 你好'},
                {"role": "user", "content": "{}"},
            ],
            "temperature": 0,
        },
    ),
    "llm.translate_subtitles": (
        fill_glossary,
        {
            "transcript_path": "film.mp4",
            "glossary": {"巴顿": "Baton", "a.b": "c:d"},
            "target_language": "fr",
            "bilingual": "above",
        },
    ),
    "faster_whisper.transcribe_audio": (
        fill_whisper,
        {
            "audio_path": "film.mp4",
            "language": "de",
            "vad_filter": False,
            "vad": {"threshold": 0.25, "min_silence_duration_ms": 300},
            "temperature": [0, 0.5, 1],
            "compression_ratio_threshold": None,
            "log_prob_threshold": -0.5,
            "word_timestamps": True,
            "beam_size": 5,
        },
    ),
    "ffmpeg.burn_subtitles": (
        fill_style,
        {
            "video_path": "film.mp4",
            "subtitle_path": "film.srt",
            "style": {"bold": False, "colour": "#00FF7f", "position": "top"},
            "font_files": ["film.srt"],
        },
    ),
    "subtitle.generate_files": (
        fill_formats,
        {"transcript_path": "film.mp4", "formats": ["srt", "ass"], "limits": {"max_lines": 1}},
    ),
    "ffmpeg.extract_audio": (
        fill_audio,
        {"video_path": "film.mp4", "channels": 2, "sample_rate": None, "format": "flac", "allow_damaged": True},
    ),
}


@pytest.mark.parametrize("task", FILLED)
def test_what_is_entered_is_what_is_sent(page: Page, media_stack: Stack, task: str) -> None:
    fill, wanted = FILLED[task]
    pick(page, task)
    unfold(page)
    if task != "llm.chat":
        name_file(page)
    fill(page)
    assert press_submit(page) == {"task_name": task, "input_data": wanted}
    page.wait_for_url("**/task_*")
    assert media_stack.read(page.url.rpartition("/")[2])["task_name"] == task


def test_what_can_only_be_one_thing_is_set(page: Page) -> None:
    pick(page, "pyannote.download_model")
    body = press_submit(page)
    assert body == {"task_name": "pyannote.download_model", "input_data": {"model": "community-1"}}


def test_priority_id_and_callback_are_sent(page: Page, media_stack: Stack) -> None:
    pick(page, "testing.echo")
    unfold(page)
    page.get_by_label("Priority").fill("9")
    page.get_by_label("Task ID").fill("my-own.id")
    page.get_by_label("Callback").fill("http://127.0.0.1:9/hook")
    body = press_submit(page)
    assert {name: body[name] for name in ("priority", "task_id", "callback")} == {
        "priority": 9,
        "task_id": "my-own.id",
        "callback": "http://127.0.0.1:9/hook",
    }
    page.wait_for_url("**/#/tasks/my-own.id")
    assert media_stack.wait_for("my-own.id")["status"] == "SUCCESS"


def test_the_last_task_is_chosen_again(page: Page) -> None:
    expect(page.locator(".chosen-task header code")).to_have_text("dual_stream.transcribe_audio")
    pick(page, "ffmpeg.cut")
    page.reload()
    expect(page.locator(".chosen-task header code")).to_have_text("ffmpeg.cut")


# ---- errors ----


def test_what_the_schema_forbids_is_told_at_its_field_and_not_sent(page: Page) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(f"{request.method} {request.url}"))
    pick(page, "ffmpeg.extract_audio")
    unfold(page)
    at(page, "track").fill("1.5")
    at(page, "sample_rate").fill("20")
    at(page, "start").fill("soon")
    page.get_by_label("Priority").fill("12")
    page.get_by_role("button", name="Submit task").click()
    expect(at(page, "video_path")).to_be_focused()
    for path, message in (
        ("video_path", "This is required."),
        ("track", "This must be a whole number."),
        ("sample_rate", "This must be 8000 or more."),
        ("start", "This must be a number."),
    ):
        expect(page.locator(f"#field-input_data-{path}-error")).to_have_text(message)
    expect(page.get_by_label("Priority")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("alert")).to_contain_text("5 fields to correct")
    page.get_by_role("alert").get_by_role("link", name="Sample rate").click()
    expect(at(page, "sample_rate")).to_be_focused()
    at(page, "sample_rate").fill("8000")
    expect(page.locator("#field-input_data-sample_rate-error")).to_have_count(0)
    assert_accessible(page)
    assert not any(request.startswith("POST") and request.endswith("/v1/tasks") for request in requests)


def test_a_pattern_and_a_list_of_a_choice_are_checked(page: Page) -> None:
    pick(page, "ffmpeg.mux_subtitles")
    name_file(page)
    at(page, "tracks.0.language").fill("English")
    page.get_by_role("button", name="Remove Tracks 1").click()
    page.get_by_role("button", name="Submit task").click()
    expect(page.locator("#field-input_data-tracks-error")).to_have_text("This is required.")
    page.get_by_role("button", name="Add one").click()
    at(page, "tracks.0.subtitle_path").fill("film.srt")
    at(page, "tracks.0.language").fill("English")
    expect(page.locator("#field-input_data-tracks-0-language-error")).to_contain_text("^[a-z]{2,3}$")


def test_what_is_wrong_with_a_part_is_told_when_its_field_is_left(page: Page) -> None:
    pick(page, "faster_whisper.transcribe_audio")
    unfold(page)
    at(page, "temperature").fill("0, 3, x")
    expect(page.locator("#field-input_data-temperature-error")).to_have_count(0)
    at(page, "temperature").press("Tab")
    expect(page.locator("#field-input_data-temperature-error")).to_have_text("This must be at most 1.")
    expect(page.locator("#field-input_data-audio_path-error")).to_have_count(0)


def test_a_file_that_was_not_there_can_be_brought_and_sent_again(
    browsing: Browsing, page: Page, media_stack: Stack
) -> None:
    pick(page, "ffmpeg.probe")
    name_file(page, "later.mp4")
    with browsing.allow("422"):
        page.get_by_role("button", name="Submit task").click()
        expect(page.locator("#field-input_data-media_path-error")).to_contain_text("later.mp4")
    shutil.copy(SAMPLE, media_stack.share / "later.mp4")
    press_submit(page)
    assert media_stack.wait_for(task_on_page(page))["status"] == "SUCCESS"


def test_what_the_gateway_refuses_is_told_at_its_field(browsing: Browsing, page: Page) -> None:
    pick(page, "ffmpeg.burn_subtitles")
    name_file(page)
    at(page, "subtitle_path").fill("nowhere.srt")
    with browsing.allow("422"):
        page.get_by_role("button", name="Submit task").click()
        expect(page.locator("#field-input_data-subtitle_path-error")).to_contain_text("nowhere.srt")
    expect(at(page, "subtitle_path")).to_be_focused()
    expect(at(page, "subtitle_path")).to_have_attribute("aria-invalid", "true")
    at(page, "subtitle_path").fill("film.srt")
    expect(page.locator("#field-input_data-subtitle_path-error")).to_have_count(0)
    press_submit(page)
    task_on_page(page)


def test_an_end_before_the_start_is_told_at_the_end(browsing: Browsing, page: Page) -> None:
    pick(page, "faster_whisper.transcribe_audio")
    unfold(page)
    name_file(page)
    at(page, "start").fill("5")
    at(page, "end").fill("2")
    with browsing.allow("422"):
        page.get_by_role("button", name="Submit task").click()
        expect(page.locator("#field-input_data-end-error")).to_contain_text("must be after start")


def test_what_is_wrong_with_fields_together_is_told_above_them(browsing: Browsing, page: Page) -> None:
    pick(page, "pyannote.diarize_speakers")
    unfold(page)
    name_file(page)
    at(page, "num_speakers").fill("2")
    at(page, "min_speakers").fill("1")
    with browsing.allow("422"):
        page.get_by_role("button", name="Submit task").click()
        expect(page.locator("#field-input_data > .field-error")).to_contain_text("not both")
    expect(page.locator("#field-input_data")).to_be_focused()


def test_a_callback_that_may_not_be_reached_is_told_at_its_field(browsing: Browsing, page: Page) -> None:
    pick(page, "testing.echo")
    unfold(page)
    page.get_by_label("Callback").fill("http://10.0.0.1/hook")
    with browsing.allow("422"):
        page.get_by_role("button", name="Submit task").click()
        expect(page.locator("#field-callback-error")).to_be_visible()
    expect(page.get_by_label("Callback")).to_be_focused()


# ---- JSON ----


def test_the_form_and_the_json_are_the_same_values(page: Page) -> None:
    pick(page, "ffmpeg.cut")
    unfold(page)
    name_file(page)
    at(page, "start").fill("1.50")
    page.get_by_role("button", name="JSON", exact=True).click()
    raw = page.get_by_label("Input as JSON")
    assert json.loads(raw.input_value()) == {"media_path": "film.mp4", "start": 1.5}
    raw.fill('{"media_path": "other.mp4", "mode": "exact", "end": 3}')
    page.get_by_role("button", name="Form", exact=True).click()
    unfold(page)
    expect(at(page, "media_path")).to_have_value("other.mp4")
    expect(at(page, "start")).to_have_value("")
    expect(at(page, "end")).to_have_value("3")
    expect(at(page, "mode").locator("option:checked")).to_have_text("exact")


def test_json_that_cannot_be_read_is_told_and_kept(page: Page) -> None:
    pick(page, "ffmpeg.probe")
    page.get_by_role("button", name="JSON", exact=True).click()
    raw = page.get_by_label("Input as JSON")
    raw.fill('{"media_path": ')
    expect(page.locator("#raw-error")).to_contain_text("This is not valid JSON")
    expect(page.get_by_role("button", name="Form", exact=True)).to_be_disabled()
    page.get_by_role("button", name="Submit task").click()
    expect(raw).to_be_focused()
    expect(raw).to_have_value('{"media_path": ')
    raw.fill('{"media_path": "film.mp4"}')
    assert press_submit(page)["input_data"] == {"media_path": "film.mp4"}
    task_on_page(page)


def test_an_unknown_field_in_the_json_is_told(page: Page) -> None:
    pick(page, "ffmpeg.probe")
    page.get_by_role("button", name="JSON", exact=True).click()
    page.get_by_label("Input as JSON").fill('{"media_path": "film.mp4", "sped": 2}')
    page.get_by_role("button", name="Submit task").click()
    expect(page.get_by_role("alert").filter(has_text="Sped")).to_contain_text("has no such field")


def test_the_command_does_the_same(page: Page, media_stack: Stack) -> None:
    pick(page, "testing.echo")
    unfold(page)
    at(page, "text").fill("it's <b>$HOME</b> `id`")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the command").click()
    command = page.evaluate("navigator.clipboard.readText()")
    ran = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    context = media_stack.wait_for(json.loads(ran.stdout)["task_id"])
    assert context["input_params"]["input_data"] == {"text": "it's <b>$HOME</b> `id`"}


# ---- files ----


def test_a_dropped_video_is_uploaded_and_becomes_a_task(page: Page, media_stack: Stack) -> None:
    pick(page, "ffmpeg.probe")
    drop(page, SAMPLE)
    expect(page.get_by_role("listitem").filter(has_text="sample.mp4")).to_contain_text("uploaded")
    press_submit(page)
    context = media_stack.wait_for(task_on_page(page))
    assert context["status"] == "SUCCESS"
    assert context["input_params"]["input_data"]["media_path"].startswith("file_")


def test_a_transcription_opens_the_live_view_with_the_file_at_hand(page: Page) -> None:
    drop(page, SAMPLE)
    press_submit(page)
    task_id = task_on_page(page, "live")
    kept = page.evaluate(
        "(id) => import('/web/lib/media.js').then(({recall}) => [recall(id).name, recall(id).size])", task_id
    )
    assert kept == ["sample.mp4", SAMPLE.stat().st_size]


def test_a_file_dropped_on_a_field_is_the_fields(page: Page) -> None:
    pick(page, "ffmpeg.burn_subtitles")
    name_file(page)
    drop(page, SUBTITLES, "#field-input_data-subtitle_path")
    expect(page.locator("#field-input_data-subtitle_path")).to_contain_text("uploaded")
    sent = press_submit(page)["input_data"]
    assert sent["video_path"] == "film.mp4"
    assert sent["subtitle_path"].startswith("file_")
    task_on_page(page)


def test_many_files_become_a_task_each(page: Page, media_stack: Stack, tmp_path: Path) -> None:
    names = ["one.mp4", "two.mp4", "<img src=x onerror=alert(1)>.mp4"]
    for name in names:
        shutil.copy(SAMPLE, tmp_path / name)
    pick(page, "ffmpeg.probe")
    page.locator(FILES).set_input_files([tmp_path / name for name in names])
    name_file(page)
    page.get_by_role("button", name="Submit 4 tasks").click()
    sent = page.get_by_role("region", name="Submitted: 4 tasks")
    for name in [*names, "film.mp4"]:
        expect(sent.get_by_role("listitem").filter(has_text=name)).to_contain_text("Done", timeout=30_000)
    assert_accessible(page)
    expect(page.get_by_role("list", name="Files")).to_have_count(0)
    sent.get_by_role("link", name=names[2]).click()
    context = media_stack.wait_for(task_on_page(page))
    assert context["status"] == "SUCCESS"


def test_a_folder_gives_its_media(page: Page, tmp_path: Path) -> None:
    for name in ("b.mp4", "a.mp4", "notes.txt", ".hidden.mp4"):
        shutil.copy(SAMPLE, tmp_path / name)
    page.locator("input[webkitdirectory]").set_input_files(tmp_path)
    expect(page.get_by_role("list", name="Files").get_by_role("listitem")).to_have_count(2)


def test_an_upload_can_be_cancelled(page: Page, media_stack: Stack, tmp_path: Path) -> None:
    large = tmp_path / "large.mp4"
    large.write_bytes(SAMPLE.read_bytes() * 20)
    pick(page, "ffmpeg.probe")
    slow_uploads(page)
    page.locator(FILES).set_input_files(large)
    bar = page.get_by_role("progressbar", name="Upload of large.mp4")
    expect(bar).to_be_visible()
    page.get_by_role("button", name="Submit task").click()
    expect(page.get_by_role("button", name="Uploading")).to_be_visible()
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/v1/files")):
        page.get_by_role("button", name="Cancel the upload of large.mp4").click()
    expect(bar).to_have_count(0)
    expect(page.get_by_role("button", name="Submit task")).to_be_visible()
    wait_until(lambda: not list(media_stack.share.rglob("*large*")))
    expect(page.get_by_role("heading", level=1)).to_have_text("Submit")


def test_a_removed_file_is_forgotten_by_the_gateway(page: Page, media_stack: Stack, tmp_path: Path) -> None:
    shutil.copy(SAMPLE, tmp_path / "removed.mp4")
    page.locator(FILES).set_input_files(tmp_path / "removed.mp4")
    expect(page.get_by_role("list", name="Files")).to_contain_text("uploaded")
    assert list(media_stack.share.rglob("removed.mp4"))
    page.get_by_role("button", name="Remove removed.mp4").click()
    wait_until(lambda: not list(media_stack.share.rglob("removed.mp4")))


def test_an_upload_that_failed_can_be_tried_again(browsing: Browsing, page: Page) -> None:
    pick(page, "ffmpeg.probe")
    with browsing.allow("ERR_INTERNET_DISCONNECTED"):
        page.context.set_offline(True)
        page.locator(FILES).set_input_files(SAMPLE)
        files = page.get_by_role("list", name="Files")
        expect(files).to_contain_text("The gateway does not answer")
        page.context.set_offline(False)
        files.get_by_role("button", name="Try again").click()
        expect(files).to_contain_text("uploaded")
    press_submit(page)
    task_on_page(page)


def test_files_stay_while_another_view_is_looked_at(page: Page) -> None:
    page.locator(FILES).set_input_files(SAMPLE)
    page.get_by_role("link", name="Workers").first.click()
    expect(page.get_by_role("list", name="Files")).to_have_count(0)
    page.get_by_role("link", name="Submit").first.click()
    expect(page.get_by_role("list", name="Files")).to_contain_text("sample.mp4")


def test_what_is_refused_of_many_is_told_at_once_and_they_stay(browsing: Browsing, page: Page, tmp_path: Path) -> None:
    large = tmp_path / "large.mp4"
    large.write_bytes(SAMPLE.read_bytes() * 20)
    pick(page, "ffmpeg.burn_subtitles")
    at(page, "subtitle_path").fill("nowhere.srt")
    name_file(page)
    slow_uploads(page)
    page.locator(FILES).set_input_files(large)
    with browsing.allow("422"):
        page.get_by_role("button", name="Submit 2 tasks").click()
        expect(page.locator("#field-input_data-subtitle_path-error")).to_contain_text("nowhere.srt")
        expect(page.get_by_role("button", name="Submit 2 tasks")).to_be_visible()
    expect(page.get_by_role("progressbar", name="Upload of large.mp4")).to_be_visible()


def test_sending_many_can_be_stopped(page: Page, tmp_path: Path) -> None:
    for name in ("one.mp4", "two.mp4"):
        (tmp_path / name).write_bytes(SAMPLE.read_bytes() * 20)
    pick(page, "ffmpeg.probe")
    slow_uploads(page)
    page.locator(FILES).set_input_files([tmp_path / "one.mp4", tmp_path / "two.mp4"])
    page.get_by_role("button", name="Submit 2 tasks").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Submit 2 tasks")).to_be_visible()
    expect(page.get_by_role("region", name="Submitted")).to_have_count(0)


def test_a_link_can_name_task_and_file(browsing: Browsing, media_stack: Stack) -> None:
    page = browsing.open(f"{media_stack.url}/#/submit?task=ffmpeg.probe&media=film.mp4")
    assert press_submit(page)["input_data"] == {"media_path": "film.mp4"}
    task_on_page(page)


def test_a_catalog_that_does_not_come_is_told_and_asked_for_again(browsing: Browsing, media_stack: Stack) -> None:
    page = browsing.open(f"{media_stack.url}/#/workers")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    with browsing.allow("ERR_INTERNET_DISCONNECTED"):
        page.evaluate("import('/web/views/submit.js')")
        page.context.set_offline(True)
        page.get_by_role("link", name="Submit").first.click()
        expect(page.get_by_role("alert")).to_contain_text("The gateway does not answer")
        page.context.set_offline(False)
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("button", name="Submit task")).to_be_visible()


# ---- accessibility ----


def test_all_of_it_works_by_keyboard(page: Page, media_stack: Stack) -> None:
    tab_to(page, page.get_by_role("button", name="Choose files"))
    tab_to(page, page.get_by_placeholder("https://… or inputs/film.mp4"))
    page.keyboard.type("film.mp4")
    tab_to(page, page.locator(".task-choice"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Search for a task")).to_be_focused()
    page.keyboard.type("tracks chapters")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator(".task-choice")).to_be_focused()
    tab_to(page, page.get_by_role("button", name="Submit task"))
    page.keyboard.press("Control+Enter")
    assert media_stack.wait_for(task_on_page(page))["task_name"] == "ffmpeg.probe"


@pytest.mark.parametrize("device", ["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_full_form_is_accessible(browsing: Browsing, media_stack: Stack, scheme: Scheme, device: Device) -> None:
    page = submit_view(browsing, media_stack, scheme=scheme, device=device)
    page.locator(FILES).set_input_files(SAMPLE)
    for task in ("ffmpeg.mux_subtitles", "faster_whisper.transcribe_audio"):
        pick(page, task)
        unfold(page)
        page.get_by_label("Priority").fill("x")
        page.get_by_label("Priority").press("Tab")
        expect(page.locator("#field-priority-error")).to_be_visible()
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out at the side"
    page.locator(".task-choice").click()
    assert_accessible(page)
