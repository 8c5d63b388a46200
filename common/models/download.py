"""Download a model from a hub, with progress and clear errors.

huggingface_hub makes the requests, but incomplete files are managed here: the library names them anew on each try, so a
try that is killed at the last byte of a large file would start over.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from hashlib import file_digest, sha256
from io import BufferedRandom
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from common.errors import BatonError
from common.files.disk import full_disk_is_storage_full
from common.models.errors import ModelDownloadFailed, ModelGated, ModelNotOnHub
from common.models.spec import ModelSpec
from common.models.storage_paths import size_of
from common.settings import ModelSettings

if TYPE_CHECKING:
    from huggingface_hub import HfApi

OnBytes = Callable[[int, int], None]
"""Receives bytes done and bytes total; may raise to abort."""

UNFINISHED = ".unfinished"
"""Folder of incomplete files, each named after its content."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file on the hub."""

    name: str
    url: str
    size: int | None
    content: str
    """Identifies the content (ETag)."""
    sha256: str | None
    """Known for large files."""

    @property
    def key(self) -> str:
        """A file name for the content, safe whatever the hub sends."""
        return sha256(f"{self.name} {self.content}".encode()).hexdigest()


def download(
    spec: ModelSpec,
    folder: Path,
    *,
    settings: ModelSettings,
    require_space: Callable[[int], None],
    on_progress: OnBytes,
) -> None:
    """Download the files of a model into a folder. Bytes that an earlier try downloaded are not downloaded again.

    `require_space` is called with the number of bytes still to download.

    Raises:
        ModelGated: it requires a login.
        ModelNotOnHub: this hub does not have it.
        ModelDownloadFailed: the hub does not answer, or stops in the middle.
        StorageFull: there is no room for it.
    """
    from huggingface_hub import HfApi, constants

    # otherwise the library asks huggingface.co what to report about this process, even if the hub is a mirror
    constants.HF_HUB_DISABLE_TELEMETRY = True
    token = settings.hub_token.get_secret_value() if settings.hub_token else None
    api = HfApi(endpoint=settings.hub_endpoint, token=token)
    with hub_errors(spec.repository, api.endpoint), full_disk_is_storage_full():
        files = list_files(api, spec)
        total = sum(file.size or 0 for file in files)
        require_space(max(total - size_of(folder), 0))
        progress = Counter(total, on_progress)
        for file in files:
            download_file(file, folder, token, progress)


def list_files(api: HfApi, spec: ModelSpec) -> list[RemoteFile]:
    """Return the wanted files, all of one commit."""
    from huggingface_hub import hf_hub_url

    info = api.model_info(spec.repository, revision=spec.revision, files_metadata=True)
    return [
        RemoteFile(
            name=file.rfilename,
            url=hf_hub_url(spec.repository, file.rfilename, revision=info.sha, endpoint=api.endpoint),
            size=file.size,
            content=file.lfs.sha256 if file.lfs else file.blob_id or str(info.sha),
            sha256=file.lfs.sha256 if file.lfs else None,
        )
        for file in info.siblings or []
        if any(fnmatch(file.rfilename, pattern) for pattern in spec.wanted)
    ]


def download_file(file: RemoteFile, folder: Path, token: str | None, progress: Counter) -> None:
    """Download one file, resuming after the last byte received. A file under its final name is complete."""
    target = path_inside(folder, file.name)
    if target.is_file():
        progress.add(file.size or 0)
        return
    unfinished = folder / UNFINISHED / file.key
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    with unfinished.open("a+b") as part:
        receive(file, part, token, progress)
        os.fsync(part.fileno())
        refuse_other_content(file, part, unfinished)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished.replace(target)


def path_inside(folder: Path, name: str) -> Path:
    """Return the path of a file inside the folder; a hub must not make us write elsewhere."""
    target = (folder / name).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise ModelDownloadFailed(f"The hub names a file {name}, which lies outside of the model's folder.")
    return target


def receive(file: RemoteFile, part: BufferedRandom, token: str | None, progress: Counter) -> None:
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # it is there lazily

    # uncompressed, since parts of it are requested
    headers = {**build_hf_headers(token=token), "Accept-Encoding": "identity"}
    bar: Any = progress.bar  # any callable that returns one
    here = resumable_bytes(file, part)
    if here == file.size:  # killed before it was renamed
        progress.add(here)
        return
    http_get(file.url, part, resume_size=here, headers=headers, expected_size=file.size, tqdm_class=bar)


def resumable_bytes(file: RemoteFile, part: BufferedRandom) -> int:
    """Return the number of bytes to resume after: 0 if nothing proves that they belong to this file."""
    here = part.tell()
    if file.sha256 and here <= (file.size or here):
        return here
    part.seek(0)
    part.truncate()
    return 0


def refuse_other_content(file: RemoteFile, part: BufferedRandom, unfinished: Path) -> None:
    part.flush()
    part.seek(0)
    if file.sha256 and file_digest(part, "sha256").hexdigest() != file.sha256:
        unfinished.unlink()
        raise ModelDownloadFailed(f"{file.name} came damaged, and is asked for again at the next try.", url=file.url)


class Counter:
    """Counts the bytes of all files."""

    def __init__(self, total: int, on_progress: OnBytes) -> None:
        self.total = total
        self.done = 0
        self.on_progress = on_progress

    def bar(self, *, initial: int = 0, **_options: Any) -> Bar:
        """Stand in for the class of a progress bar that huggingface_hub expects."""
        return Bar(self).update(initial)

    def add(self, count: float) -> None:
        self.done += int(count)
        self.on_progress(self.done, max(self.total, self.done))


class Bar:
    """The part of a progress bar that huggingface_hub uses."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def update(self, count: float | None = 1) -> Self:
        self.counter.add(count or 0)
        return self

    def close(self) -> None:
        return


@contextmanager
def hub_errors(repository: str, endpoint: str) -> Iterator[None]:
    """Translate huggingface_hub's errors."""
    from httpx2 import HTTPError  # a dependency of huggingface_hub
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    where = {"repository": repository, "endpoint": endpoint}
    try:
        yield
    except BatonError:
        raise
    except GatedRepoError as error:
        page = f"{endpoint.rstrip('/')}/{repository}"
        raise ModelGated(**where, licence=page, tokens=f"{endpoint.rstrip('/')}/settings/tokens") from error
    except RepositoryNotFoundError as error:
        raise ModelNotOnHub(**where) from error
    except (HTTPError, OSError) as error:
        raise ModelDownloadFailed(**where, reason=str(error).split("\n", 1)[0]) from error
