"""Models view in a real browser, with a real Whisper worker and a local model hub."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.browsing import Browsing, assert_accessible
from tests.support.model_hub import ModelHub
from tests.support.stack import Stack
from tests.support.waiting import wait_until

FIXTURES = Path(__file__).parents[1] / "fixtures"
WHISPER = FIXTURES / "models/whisper"
MIB = 1024 * 1024
SOON_MS = 30_000
LATER_MS = 60_000
PAUSE_AFTER = 20 * MIB
"""Downloads pause here; the large repositories have 25 MiB."""


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    large = tmp_path_factory.mktemp("repository")
    for name in ("config.json", "tokenizer.json", "vocabulary.json"):
        shutil.copy(WHISPER / name, large)
    (large / "model.bin").write_bytes(os.urandom(25 * MIB))
    small = {f"Systran/faster-whisper-{name}": WHISPER for name in ("tiny", "tiny.en", "small")}
    return small | {f"Systran/faster-whisper-{name}": large for name in ("base", "medium", "medium.en")}


@pytest.fixture(scope="module")
def running_hub(repositories: dict[str, Path]) -> Iterator[ModelHub]:
    with ModelHub(repositories) as hub:
        yield hub


@pytest.fixture(scope="module")
def models_stack(tmp_path_factory: pytest.TempPathFactory, running_hub: ModelHub) -> Iterator[Stack]:
    """A gateway and a Whisper worker that uses the model hub."""
    patient = {"BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 0.2, "timeout": 60}', "BATON_GPU__DEVICE": "cpu"}
    with Stack(tmp_path_factory.mktemp("models"), BATON_MODELS__HUB_ENDPOINT=running_hub.url, **patient) as own:
        shutil.copy(FIXTURES / "speech/en-00.flac", own.share / "short.flac")
        own.gateway()
        own.worker("faster_whisper")
        yield own


@pytest.fixture
def hub(running_hub: ModelHub) -> Iterator[ModelHub]:
    """The hub, reset after each test."""
    yield running_hub
    running_hub.gated, running_hub.broken, running_hub.pause_after = False, set(), None
    running_hub.go_on()


def models(browsing: Browsing, stack: Stack) -> Page:
    """Open the view and wait for the list."""
    page = browsing.open(f"{stack.url}/#/models")
    expect(row(page, "tiny-test")).to_be_visible(timeout=SOON_MS)
    return page


def row(page: Page, name: str, engine: str = "faster_whisper") -> Locator:
    heading = page.get_by_role("heading", name=name, exact=True)
    return page.get_by_role("region", name=engine).locator(".model").filter(has=heading)


def badge(place: Locator) -> Locator:
    return place.locator(".badge").first


def download(page: Page, name: str) -> Locator:
    place = row(page, name)
    place.get_by_role("button", name=f"Download {name}").click()
    return place


# ---- the list ----


def test_every_model_is_listed_with_what_is_known_of_it(browsing: Browsing, models_stack: Stack) -> None:
    page = models(browsing, models_stack)
    tiny = row(page, "tiny-test")
    expect(badge(tiny)).to_have_text("Present")
    expect(tiny).to_contain_text("test model")
    expect(tiny).to_contain_text("2.1 MiB")
    expect(row(page, "large-v3-turbo")).to_contain_text("gpu default")
    expect(badge(row(page, "large-v3-turbo"))).to_have_text("Not present")
    listed = models_stack.http.get("/v1/models").json()["data"]
    expect(page.locator(".model")).to_have_count(len(listed))
    assert_accessible(page)


def test_the_list_is_searched_and_filtered(browsing: Browsing, models_stack: Stack) -> None:
    page = models(browsing, models_stack)
    page.get_by_label("Search the models").fill("systran distil")
    expect(row(page, "distil-small.en")).to_be_visible()
    expect(row(page, "base")).to_have_count(0)
    page.get_by_label("Search the models").fill("no such model")
    page.get_by_role("button", name="Show all").click()
    page.get_by_label("Engine").select_option("sensevoice")
    expect(row(page, "SenseVoiceSmall", "sensevoice")).to_be_visible()
    expect(page.get_by_role("region", name="faster_whisper")).to_have_count(0)
    page.get_by_role("radio", name="Present", exact=True).check()
    expect(page.locator(".model")).to_have_count(1)


# ---- downloads ----


def test_a_download_is_shown_as_it_goes_on_and_comes_to_its_end(
    browsing: Browsing, models_stack: Stack, hub: ModelHub
) -> None:
    hub.pause_after = PAUSE_AFTER
    hub.hold()
    page = models(browsing, models_stack)
    base = download(page, "base")
    bar = base.get_by_role("progressbar")
    expect(bar).to_be_visible(timeout=SOON_MS)
    expect(badge(base)).to_have_text("Downloading")
    wait_until(lambda: 60 <= int(bar.get_attribute("aria-valuenow") or 0) < 100)
    expect(base).to_contain_text("of 25")
    hub.go_on()
    expect(badge(base)).to_have_text("Present", timeout=LATER_MS)
    expect(base.locator(".size")).to_contain_text("MiB")


def test_a_download_is_stopped(browsing: Browsing, models_stack: Stack, hub: ModelHub) -> None:
    hub.pause_after = PAUSE_AFTER
    hub.hold()
    page = models(browsing, models_stack)
    medium = download(page, "medium")
    expect(medium.get_by_role("progressbar")).to_be_visible(timeout=SOON_MS)
    medium.get_by_role("button", name="Stop the download of medium").click()
    wait_until(lambda: has_heard(models_stack, "download_model.faster_whisper.medium"))
    hub.go_on()
    expect(medium.get_by_role("button", name="Download medium")).to_be_visible(timeout=LATER_MS)
    models_stack.wait_for("download_model.faster_whisper.medium", "CANCELLED")


def test_a_download_whose_process_had_to_be_killed_is_not_shown_any_more(
    browsing: Browsing, models_stack: Stack, hub: ModelHub
) -> None:
    hub.pause_after = PAUSE_AFTER
    hub.hold()
    page = models(browsing, models_stack)
    stuck = download(page, "medium.en")
    expect(stuck.get_by_role("progressbar")).to_be_visible(timeout=SOON_MS)
    stuck.get_by_role("button", name="Stop the download of medium.en").click()
    models_stack.wait_for("download_model.faster_whisper.medium.en", "CANCELLED")
    expect(stuck.get_by_role("button", name="Download medium.en")).to_be_visible(timeout=LATER_MS)
    expect(stuck.get_by_role("progressbar")).to_have_count(0)
    hub.go_on()


def has_heard(stack: Stack, task_id: str) -> bool:
    """Return whether a heartbeat has delivered the cancellation to the task."""
    cancel, beat = stack.redis.client.hmget(f"task_control:{task_id}", "cancel_us", "heartbeat_us")
    return bool(cancel) and int(beat) > int(cancel)


def test_a_gated_model_says_what_to_do_also_later_and_comes_when_that_is_done(
    browsing: Browsing, models_stack: Stack, hub: ModelHub
) -> None:
    hub.gated = True
    page = models(browsing, models_stack)
    gated = download(page, "tiny.en")
    expect(gated.get_by_role("alert")).to_contain_text("models.hub_token", timeout=SOON_MS)
    page.reload()
    expect(gated.get_by_role("alert")).to_contain_text("Accept its licence", timeout=SOON_MS)
    hub.gated = False
    download(page, "tiny.en")
    expect(badge(gated)).to_have_text("Present", timeout=LATER_MS)
    expect(gated.get_by_role("alert")).to_have_count(0)


def test_a_hub_that_fails_says_what_to_do(browsing: Browsing, models_stack: Stack, hub: ModelHub) -> None:
    hub.broken = {"model.bin"}
    page = models(browsing, models_stack)
    small = download(page, "small")
    expect(small.get_by_role("alert")).to_contain_text("models.hub_endpoint", timeout=LATER_MS)


def test_without_a_worker_it_says_who_would_download(browsing: Browsing, shared_stack: Stack) -> None:
    page = models(browsing, shared_stack)
    base = download(page, "base")
    expect(badge(base)).to_have_text("Waiting", timeout=SOON_MS)
    expect(base).to_contain_text("No worker of faster_whisper is alive", timeout=SOON_MS)
    base.get_by_role("button", name="Stop").click()
    expect(badge(base)).to_have_text("Not present", timeout=SOON_MS)


# ---- loaded models ----


def test_a_loaded_model_is_shown_as_it_comes_and_unloaded(browsing: Browsing, models_stack: Stack) -> None:
    page = models(browsing, models_stack)
    tiny = row(page, "tiny-test")
    expect(tiny.locator(".places")).to_have_count(0)
    given = {"audio_path": "short.flac", "model": "tiny-test", "temperature": [0]}
    models_stack.wait_for(models_stack.submit("faster_whisper.transcribe_audio", given), "SUCCESS", timeout=60)
    expect(tiny.locator(".places li")).to_contain_text("int8/cpu", timeout=SOON_MS)
    tiny.get_by_role("button", name="Unload tiny-test").click()
    expect(tiny.locator(".places")).to_have_count(0, timeout=SOON_MS)
    wait_until(lambda: not models_stack.http.get("/v1/models/faster_whisper/tiny-test").json()["loaded"])
