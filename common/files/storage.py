"""Paths inside the shared volume: safe resolution, task workspaces, atomically published artifacts."""

import os
import shutil
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from common.errors import FileMissing, ShareUnavailable, StorageFull, UnsafePath
from common.media.fields import FILE_ID, Artifact

INPUTS = "inputs"
WORKFLOWS = "workflows"
MODELS = "models"
PARTIAL = ".partial"
PART = ".part"
"""File name suffix of an incomplete upload."""

CONTAINER_SHARE = PurePosixPath("/share")


class Storage:
    """The shared volume. Every path from outside goes through `resolve`."""

    def __init__(self, share: Path, *, min_free_bytes: int = 0) -> None:
        self.root = share.resolve()
        self.workflows = self.root / WORKFLOWS
        self.min_free_bytes = min_free_bytes

    def prepare(self) -> None:
        for name in (INPUTS, WORKFLOWS, MODELS):
            (self.root / name).mkdir(parents=True, exist_ok=True)

    def resolve(self, reference: str) -> Path:
        """Return the real path of a reference inside share; absolute references must point inside it too.

        Symbolic links are followed before the check, so no link can lead outside.

        Raises:
            UnsafePath: the path leaves share or contains NUL.
        """
        if "\0" in reference:
            raise UnsafePath("A path may not contain NUL.")
        posix = PurePosixPath(reference)
        if posix.is_relative_to(CONTAINER_SHARE):  # how clients of the containers write it
            posix = posix.relative_to(CONTAINER_SHARE)
        path = Path(os.path.realpath(self.root / posix))  # unlike Path.resolve, it does not raise on a symlink loop
        if not path.is_relative_to(self.root):
            raise UnsafePath(path=reference)
        return path

    def find(self, reference: str) -> Path:
        """Return the existing file for a path or a file id.

        Raises:
            UnsafePath: the path leaves share.
            FileMissing: there is no such file.
            ShareUnavailable: share itself is unavailable.
        """
        path = self.upload(reference) if FILE_ID.fullmatch(reference) else self.resolve(reference)
        if not (os.access(path, os.R_OK) and path.is_file()):
            self.require_share()
            raise FileMissing(
                f"No such file that can be read: {reference}. Upload it with POST /v1/files, or put it under share."
            )
        return path

    def upload(self, file_id: str) -> Path:
        """Return the file of an upload: the only file in the folder named after its id."""
        folder = self.resolve(f"{INPUTS}/{file_id}")
        names = [file.name for file in folder.iterdir() if not file.name.startswith(".")] if folder.is_dir() else []
        return self.resolve(f"{INPUTS}/{file_id}/{names[0]}") if names else folder / "missing"

    def relative(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def describe(self, path: Path) -> Artifact:
        relative = self.relative(path)
        return Artifact(path=relative, url=f"/v1/files/{quote(relative)}", size=path.stat().st_size)

    def shortage(self, needed_bytes: int = 0) -> str | None:
        """Return a message if free space is below the floor, or would be after writing `needed_bytes`; None if there is
        room.

        A share that is unavailable, such as an unmounted network folder, has no room.
        """
        try:
            self.workflows.stat()
            free = shutil.disk_usage(self.root).free
        except OSError as error:
            return f"Share cannot be used: {error.strerror}. See that the folder of storage.share is there."
        if free - needed_bytes >= self.min_free_bytes:
            return None
        wanted = f"{needed_bytes >> 20} MiB are needed, and " if needed_bytes else ""
        return (
            f"Only {free >> 20} MiB are free under share; {wanted}the floor is {self.min_free_bytes >> 20} MiB. "
            "Free some space, or lower storage.min_free_bytes."
        )

    def require_share(self) -> None:
        """Raise ShareUnavailable if share is unavailable: an empty mount point lacks the workspace folder."""
        try:
            self.workflows.stat()
        except OSError as error:
            raise ShareUnavailable from error

    def has_share(self) -> bool:
        return self.workflows.exists()

    def require_space(self, needed_bytes: int = 0) -> None:
        """Raise StorageFull if there is not enough free space."""
        if shortage := self.shortage(needed_bytes):
            raise StorageFull(shortage)

    def workspace(self, task_id: str) -> Path:
        return self.workflows / task_id

    def owner(self, path: Path) -> str | None:
        """Return the id of the task whose workspace contains the file."""
        parts = path.relative_to(self.workflows).parts if path.is_relative_to(self.workflows) else ()
        return parts[0] if len(parts) > 1 else None

    def remove_workspace(self, task_id: str) -> None:
        shutil.rmtree(self.workspace(task_id), ignore_errors=True)


class AttemptFolder:
    """The folder one attempt writes to. A fenced-off attempt can touch only its own folder, never that of its
    successor.
    """

    def __init__(self, storage: Storage, task_id: str, attempt: int) -> None:
        self.storage = storage
        self.attempt = attempt
        self.folder = storage.workspace(task_id) / f"attempt-{attempt}"

    def staging(self, name: str) -> Path:
        """Return the path to write `name` to until the file is complete."""
        self.storage.require_share()  # else its folders would be created in the empty mount point
        path = self.folder / PARTIAL / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def publish(self, staged: Path) -> Artifact:
        """Rename a staged file to its final name atomically, so that a published file is always complete."""
        final = self.folder / staged.relative_to(self.folder / PARTIAL)
        final.parent.mkdir(parents=True, exist_ok=True)
        with staged.open("rb") as written:
            os.fsync(written.fileno())
        staged.replace(final)
        return self.storage.describe(final)

    def discard_earlier(self) -> None:
        """Remove the folders of earlier attempts."""
        for number in range(1, self.attempt):
            shutil.rmtree(self.folder.with_name(f"attempt-{number}"), ignore_errors=True)

    def discard_partial(self) -> None:
        shutil.rmtree(self.folder / PARTIAL, ignore_errors=True)
