"""Where a model comes from, whatever its engine, and what is said when it does not come."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from common.errors import BatonError, Cancelled, StorageFull, UnsafePath
from common.files.storage import Storage
from common.models.download import UNFINISHED
from common.models.errors import ModelDamaged, ModelDownloadFailed, ModelGated, ModelMissing, ModelNotOnHub
from common.models.spec import ModelSpec
from common.models.store import ModelStore
from common.settings import ModelSettings
from tests.support.model_hub import ModelHub, names
from tests.support.ports import free_port
from tests.support.stack import ROOT
from tests.support.waiting import wait_until

MIB = 1024 * 1024
REPOSITORY = "somebody/speech"
SPEC = ModelSpec("hearing", "speech", REPOSITORY, wanted=("*.bin", "words/*"), required=("*.bin", "words/list.txt"))
FETCH = """
import sys
from pathlib import Path
from common.models.spec import ModelSpec
from common.models.store import ModelStore
from common.settings import ModelSettings
from common.files.storage import Storage
storage = Storage(Path(sys.argv[1]))
storage.prepare()
store = ModelStore(storage, ModelSettings(hub_endpoint=sys.argv[2]))
spec = ModelSpec("hearing", "speech", sys.argv[3], wanted=("*.bin", "words/*"))
print(store.find(spec, on_progress=lambda *_: None, check=lambda: None))
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "words").mkdir(parents=True)
    (folder / "weights.bin").write_bytes(os.urandom(25 * MIB))
    (folder / "words/list.txt").write_text("one two three")
    (folder / "README.md").write_text("not wanted")
    return folder


@pytest.fixture
def hub(repository: Path) -> Iterator[ModelHub]:
    """A model hub on loopback, which the real client talks to."""
    with ModelHub({REPOSITORY: repository}) as running:
        yield running


@pytest.fixture
def share(tmp_path: Path) -> Path:
    return tmp_path / "share"


def prepare_storage(share: Path, *, min_free_bytes: int = 0) -> Storage:
    """Return the storage as a gateway or a worker leaves it at its start."""
    storage = Storage(share, min_free_bytes=min_free_bytes)
    storage.prepare()
    return storage


def find(share: Path, spec: ModelSpec = SPEC, **settings: object) -> Path:
    store = ModelStore(prepare_storage(share), ModelSettings.model_validate(settings))
    return store.find(spec, on_progress=lambda _done, _total: None, check=lambda: None)


def start_fetching(share: Path, hub: ModelHub) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", FETCH, str(share), hub.url, REPOSITORY]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def unfinished_bytes(share: Path) -> int:
    """Return the bytes of the large file that are there, while it is not whole."""
    folder = share / "models/hearing/.speech.part" / UNFINISHED
    return max((file.stat().st_size for file in folder.glob("*")), default=0)


def test_a_missing_model_comes_whole_and_without_what_nobody_wants(
    share: Path, hub: ModelHub, repository: Path
) -> None:
    folder = find(share, hub_endpoint=hub.url)
    assert folder == share / "models/hearing/speech"
    assert names(folder) == {"weights.bin", "words/list.txt"}
    assert (folder / "weights.bin").read_bytes() == (repository / "weights.bin").read_bytes()


def test_a_model_that_is_there_asks_nobody(share: Path, hub: ModelHub) -> None:
    find(share, hub_endpoint=hub.url)
    asked = len(hub.asked)
    find(share, hub_endpoint=hub.url)
    find(share, offline=True)
    assert len(hub.asked) == asked


def test_the_progress_counts_every_byte_once(share: Path, hub: ModelHub, repository: Path) -> None:
    told: list[tuple[int, int]] = []
    store = ModelStore(prepare_storage(share), ModelSettings(hub_endpoint=hub.url))
    store.find(SPEC, on_progress=lambda done, total: told.append((done, total)), check=lambda: None)
    size = sum((repository / name).stat().st_size for name in ("weights.bin", "words/list.txt"))
    assert {total for _, total in told} == {size}
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == size


def test_a_killed_download_goes_on_after_the_last_byte(share: Path, hub: ModelHub, repository: Path) -> None:
    hub.pause_after = 22 * MIB
    hub.hold()
    process = start_fetching(share, hub)
    wait_until(lambda: unfinished_bytes(share) == 20 * MIB)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (share / "models/hearing/speech").exists()
    hub.pause_after = None
    hub.go_on()
    folder = find(share, hub_endpoint=hub.url)
    assert hub.start_offsets("weights.bin") == [0, 20 * MIB]
    assert (folder / "weights.bin").read_bytes() == (repository / "weights.bin").read_bytes()
    assert names(folder) == {"weights.bin", "words/list.txt"}


def test_a_download_that_broke_off_brings_only_what_is_missing(share: Path, hub: ModelHub) -> None:
    hub.broken = {"words/list.txt"}
    with pytest.raises(ModelDownloadFailed):
        find(share, hub_endpoint=hub.url)
    assert not (share / "models/hearing/speech").exists()
    hub.broken = set()
    find(share, hub_endpoint=hub.url)
    assert hub.start_offsets("weights.bin") == [0]


def test_of_two_processes_that_want_a_model_one_fetches_it(share: Path, hub: ModelHub) -> None:
    hub.hold()
    both = [start_fetching(share, hub) for _ in range(2)]
    wait_until(lambda: hub.asked)
    hub.go_on()
    found = {process.communicate(timeout=60)[0].strip() for process in both}
    assert found == {str(share / "models/hearing/speech")}
    assert hub.start_offsets("weights.bin") == [0]


def test_a_model_that_has_no_room_is_refused_before_it_is_downloaded(share: Path, hub: ModelHub) -> None:
    share.mkdir()
    store = ModelStore(prepare_storage(share, min_free_bytes=1 << 60), ModelSettings(hub_endpoint=hub.url))
    with pytest.raises(StorageFull, match="25 MiB are needed"):
        store.find(SPEC, on_progress=lambda *_: None, check=lambda: None)
    assert not hub.sent


def test_what_comes_damaged_is_not_kept(share: Path, hub: ModelHub) -> None:
    hub.damaged = {"weights.bin"}
    with pytest.raises(ModelDownloadFailed, match="came damaged"):
        find(share, hub_endpoint=hub.url)
    hub.damaged = set()
    find(share, hub_endpoint=hub.url)
    assert hub.start_offsets("weights.bin") == [0, 0]


@pytest.mark.parametrize("name", ["words/list.txt", "weights.bin"])
@pytest.mark.parametrize("size", [1, 26 * MIB])
def test_a_page_that_came_instead_of_a_file_is_not_kept(
    share: Path, hub: ModelHub, repository: Path, name: str, size: int
) -> None:
    hub.pages[name] = b"<" * size
    with pytest.raises(ModelDownloadFailed):
        find(share, hub_endpoint=hub.url)
    hub.pages.clear()
    with suppress(ModelDownloadFailed):  # a large file that came damaged is asked for again at the next try
        find(share, hub_endpoint=hub.url)
    folder = find(share, hub_endpoint=hub.url)
    assert (folder / name).read_bytes() == (repository / name).read_bytes()


def test_a_hub_cannot_have_a_file_written_elsewhere(share: Path, hub: ModelHub) -> None:
    hub.named = {"words/list.txt": "words/../../../../outside.txt"}
    with pytest.raises(ModelDownloadFailed, match="outside of the model's folder"):
        find(share, replace(SPEC, wanted=("*",)), hub_endpoint=hub.url)
    assert not list(share.parent.rglob("outside.txt"))


def test_a_download_stops_when_its_task_does(share: Path, hub: ModelHub) -> None:
    def stop(done: int, _total: int) -> None:
        if done > 10 * MIB:
            raise Cancelled

    store = ModelStore(prepare_storage(share), ModelSettings(hub_endpoint=hub.url))
    with pytest.raises(Cancelled):
        store.find(SPEC, on_progress=stop, check=lambda: None)
    assert not (share / "models/hearing/speech").exists()


def test_who_waits_for_another_download_may_be_cancelled(share: Path, hub: ModelHub) -> None:
    hub.hold()
    first = start_fetching(share, hub)
    wait_until(lambda: hub.asked)

    def cancel() -> None:
        raise Cancelled

    store = ModelStore(prepare_storage(share), ModelSettings(hub_endpoint=hub.url))
    with pytest.raises(Cancelled):
        store.find(SPEC, on_progress=lambda *_: None, check=cancel)
    hub.go_on()
    assert first.communicate(timeout=60)[0]


@pytest.mark.parametrize(
    ("gated", "token", "error"), [(True, None, ModelGated), (True, "hf_other", ModelGated), (True, "hf_secret", None)]
)
def test_a_gated_model_wants_the_right_token(
    share: Path, hub: ModelHub, gated: bool, token: str | None, error: type[BatonError] | None
) -> None:
    hub.gated = gated
    if error is None:
        assert find(share, hub_endpoint=hub.url, hub_token=token)
        return
    with pytest.raises(error, match=r"Accept its licence there, and set `models\.hub_token`") as raised:
        find(share, hub_endpoint=hub.url, hub_token=token)
    assert raised.value.detail["licence"] == f"{hub.url}/{SPEC.repository}"
    assert raised.value.detail["tokens"] == f"{hub.url}/settings/tokens"


def test_a_hub_without_the_model_is_told_as_that(share: Path, hub: ModelHub) -> None:
    with pytest.raises(ModelNotOnHub, match="the mirror may not carry it"):
        find(share, replace(SPEC, repository="nobody/nothing"), hub_endpoint=hub.url)


def test_a_hub_that_does_not_answer_is_told_with_what_to_do(share: Path) -> None:
    with pytest.raises(ModelDownloadFailed, match="Check the network") as failed:
        find(share, hub_endpoint=f"http://127.0.0.1:{free_port()}")
    assert failed.value.retryable
    assert "HF_ENDPOINT" in failed.value.message


def test_with_downloads_off_a_missing_model_says_where_to_put_it(share: Path, hub: ModelHub) -> None:
    with pytest.raises(ModelMissing, match=r"share/models/hearing/speech, and downloads are off.*models\.offline"):
        find(share, offline=True, hub_endpoint=hub.url)
    assert not hub.asked


def test_a_model_that_no_hub_has_must_be_put_there(share: Path) -> None:
    with pytest.raises(ModelMissing, match="no hub has it"):
        find(share, replace(SPEC, repository=""))


def test_a_folder_that_lacks_files_is_damaged(share: Path) -> None:
    folder = share / "models/hearing/speech"
    folder.mkdir(parents=True)
    (folder / "weights.bin").touch()
    with pytest.raises(ModelDamaged) as damaged:
        find(share)
    assert damaged.value.detail == {"folder": "speech", "missing": ["words/list.txt"]}


def test_a_repository_that_lacks_files_leaves_no_model(share: Path, hub: ModelHub) -> None:
    with pytest.raises(ModelDamaged):
        find(share, replace(SPEC, required=("*.onnx",)), hub_endpoint=hub.url)
    assert not (share / "models/hearing/speech").exists()


def test_a_test_model_lies_where_it_ships_and_is_never_downloaded(tmp_path: Path, share: Path, hub: ModelHub) -> None:
    spec = ModelSpec("hearing", "tiny-test", shipped="hearing")
    with pytest.raises(ModelMissing):
        find(share, spec, test_models=tmp_path / "shipped", hub_endpoint=hub.url)
    (tmp_path / "shipped/hearing").mkdir(parents=True)
    assert find(share, spec, test_models=tmp_path / "shipped") == tmp_path / "shipped/hearing"
    assert not hub.asked


def test_a_folder_of_ones_own_lies_under_share_models(share: Path) -> None:
    store = ModelStore(prepare_storage(share), ModelSettings())
    (share / "models/mine").mkdir(parents=True)
    assert store.find_own("models/mine", ()) == share / "models/mine"
    for path, error in (
        ("models/../inputs", UnsafePath),
        ("../mine", UnsafePath),
        ("models/other", ModelMissing),
    ):
        with pytest.raises(error):
            store.find_own(path, ())
    with pytest.raises(ModelDamaged):
        store.find_own("models/mine", ("*.bin",))
