"""Paths inside share: safe whatever is asked for, and files that are whole or not there."""

import os
from pathlib import Path

import pytest

from common.errors import BatonError, FileMissing, StorageFull, UnsafePath
from common.files.storage import AttemptFolder, Storage

FILE_ID = "file_" + "0123456789abcdef" * 2


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    made = Storage(tmp_path / "share")
    made.prepare()
    (made.root / "film.mp4").write_bytes(b"film")
    (tmp_path / "secret.txt").write_bytes(b"secret")
    return made


@pytest.mark.parametrize("reference", ["film.mp4", "./film.mp4", "/share/film.mp4", "inputs/../film.mp4", "film.mp4/."])
def test_every_spelling_of_a_path_inside_leads_to_the_file(storage: Storage, reference: str) -> None:
    assert storage.find(reference) == storage.root / "film.mp4"


def test_an_absolute_path_inside_the_real_folder_is_inside(storage: Storage) -> None:
    assert storage.find(str(storage.root / "film.mp4")) == storage.root / "film.mp4"


@pytest.mark.parametrize(
    "reference",
    ["../secret.txt", "/etc/passwd", "/share/../../etc/passwd", "a/../../secret.txt", "/shared/x", "//etc/passwd", "/"],
)
def test_a_path_that_leaves_is_unsafe(storage: Storage, reference: str) -> None:
    with pytest.raises(UnsafePath):
        storage.find(reference)


def test_nul_is_unsafe(storage: Storage) -> None:
    with pytest.raises(UnsafePath, match="NUL"):
        storage.resolve("film.mp4\0.txt")


def test_a_neighbour_whose_name_begins_alike_is_outside(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "share-of-others").mkdir()
    with pytest.raises(UnsafePath):
        storage.resolve("../share-of-others")


@pytest.mark.parametrize("target", ["/etc", "..", "/", "../secret.txt"])
def test_a_link_that_leads_out_is_unsafe(storage: Storage, target: str) -> None:
    (storage.root / "link").symlink_to(target)
    with pytest.raises(UnsafePath):
        storage.find("link/passwd" if target == "/etc" else "link")


def test_a_link_that_stays_inside_is_followed(storage: Storage) -> None:
    (storage.root / "link.mp4").symlink_to("film.mp4")
    assert storage.find("link.mp4") == storage.root / "film.mp4"


@pytest.mark.parametrize("reference", ["", ".", "inputs", "missing", "loop", "a" * 300, "a/" * 5_000, "pipe", "..%2fx"])
def test_what_is_no_file_is_missing(storage: Storage, reference: str) -> None:
    (storage.root / "loop").symlink_to("loop")
    os.mkfifo(storage.root / "pipe")
    with pytest.raises(FileMissing):
        storage.find(reference)


def test_an_upload_is_found_by_its_id_once_it_is_whole(storage: Storage) -> None:
    folder = storage.root / "inputs" / FILE_ID
    folder.mkdir()
    (folder / ".part").write_bytes(b"half")
    with pytest.raises(FileMissing):
        storage.find(FILE_ID)
    (folder / ".part").rename(folder / "clip.mp4")
    assert storage.find(FILE_ID) == folder / "clip.mp4"


def test_a_link_among_the_uploads_leads_nowhere_else(storage: Storage, tmp_path: Path) -> None:
    folder = storage.root / "inputs" / FILE_ID
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(UnsafePath):
        storage.find(FILE_ID)


def test_a_file_that_is_only_named_like_an_id_is_a_path(storage: Storage) -> None:
    (storage.root / "file_1.mp4").write_bytes(b"x")
    assert storage.find("file_1.mp4") == storage.root / "file_1.mp4"


def test_share_may_itself_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    storage = Storage(tmp_path / "link")
    (tmp_path / "real" / "a").write_bytes(b"x")
    assert storage.find("a").name == "a"


def test_an_artifact_says_where_it_is(storage: Storage) -> None:
    (storage.root / "workflows" / "a b#?.wav").write_bytes(b"12345")
    told = storage.describe(storage.root / "workflows" / "a b#?.wav")
    assert (told.path, told.url, told.size) == ("workflows/a b#?.wav", "/v1/files/workflows/a%20b%23%3F.wav", 5)


def test_the_floor_is_kept_free(tmp_path: Path) -> None:
    storage = Storage(tmp_path, min_free_bytes=1 << 60)
    storage.prepare()
    with pytest.raises(StorageFull, match=r"storage\.min_free_bytes"):
        storage.require_space()


def test_a_share_that_is_away_has_no_room(tmp_path: Path) -> None:
    with pytest.raises(StorageFull, match=r"No such file or directory.*storage\.share"):
        Storage(tmp_path / "unmounted").require_space()


# ---- attempts ----


def test_an_artifact_appears_in_one_step(storage: Storage) -> None:
    folder = AttemptFolder(storage, "ep-42", 1)
    staged = folder.staging("deep/result.txt")
    staged.write_text("whole")
    assert not (folder.folder / "deep").exists()
    told = folder.publish(staged)
    assert told.path == "workflows/ep-42/attempt-1/deep/result.txt"
    assert (storage.root / told.path).read_text() == "whole"
    assert not staged.exists()


def test_a_new_attempt_clears_away_the_earlier_ones_and_its_own_leftovers(storage: Storage) -> None:
    first, second, third = (AttemptFolder(storage, "ep-42", number) for number in (1, 2, 3))
    for folder in (first, second, third):
        folder.publish(stage(folder, "done"))
        stage(folder, "half")
    second.discard_earlier()
    second.discard_partial()
    workspace = storage.workspace("ep-42")
    assert not first.folder.exists()
    assert {str(path.relative_to(workspace)) for path in second.folder.rglob("*")} == {"attempt-2/done"}
    assert third.folder.exists()
    storage.remove_workspace("ep-42")
    assert not workspace.exists()


def stage(folder: AttemptFolder, name: str) -> Path:
    path = folder.staging(name)
    path.write_text(name)
    return path


def test_a_workspace_is_removed_quietly_when_it_is_not_there(storage: Storage) -> None:
    storage.remove_workspace("never")


def test_every_refusal_can_be_told_to_a_user() -> None:
    assert all(issubclass(kind, BatonError) and kind.status < 600 for kind in (UnsafePath, FileMissing, StorageFull))
