"""Find a model's folder for a worker, downloading the model if it is missing."""

import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from common.errors import UnsafePath
from common.files.storage import MODELS, Storage
from common.models import download as hub
from common.models.errors import ModelDamaged, ModelMissing
from common.models.spec import ModelSpec
from common.models.storage_paths import ModelPaths, missing_patterns
from common.settings import ModelSettings

LOOK_S = 0.2
FIX = "Put its folder there, or set models.offline to false."


class ModelStore:
    """The models under share, and the hub to download them from."""

    def __init__(self, storage: Storage, settings: ModelSettings) -> None:
        self.storage = storage
        self.settings = settings
        self.places = ModelPaths(storage, settings)

    def find(self, spec: ModelSpec, *, on_progress: hub.OnBytes, check: Callable[[], None]) -> Path:
        """Return the folder of a model, downloaded if necessary.

        Raises:
            ModelMissing: it is not here, and cannot or may not be downloaded.
            ModelDamaged: files are missing in its folder.
            ModelGated, ModelNotOnHub, ModelDownloadFailed, StorageFull: see `common.models.download`.
        """
        folder = self.places.folder(spec)
        if not folder.is_dir():
            self.download(spec, folder, on_progress=on_progress, check=check)
        return require_complete(folder, spec.required)

    def find_own(self, path: str, required: tuple[str, ...]) -> Path:
        """Return a folder that a user has put under share/models.

        Raises:
            UnsafePath: the path is outside of it.
            ModelMissing, ModelDamaged: as for a named model.
        """
        found = self.storage.resolve(path)
        if not found.is_relative_to(self.storage.root / MODELS):
            raise UnsafePath(f"A model's folder lies under share/{MODELS}.", path=path)
        if not found.is_dir():
            raise ModelMissing(f"There is no folder {path} under share. Put the model there.")
        return require_complete(found, required)

    def download(self, spec: ModelSpec, folder: Path, *, on_progress: hub.OnBytes, check: Callable[[], None]) -> None:
        """Download a model; of several workers one downloads, the others wait for it. A folder under its final name is
        complete.
        """
        self.refuse_missing(spec, folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.with_name(f".{spec.name}.lock"))  # the kernel releases it when its holder dies
        while True:
            check()
            try:
                with lock.acquire(timeout=LOOK_S, poll_interval=LOOK_S / 4):
                    self.bring_alone(spec, folder, on_progress)
            except Timeout:
                continue
            return

    def refuse_missing(self, spec: ModelSpec, folder: Path) -> None:
        if spec.shipped or not spec.repository:
            raise ModelMissing(f"The model {spec.id} is not in {folder}, and no hub has it. Put its folder there.")
        if self.settings.offline:
            place = self.storage.relative(folder)
            raise ModelMissing(f"The model {spec.id} is not in share/{place}, and downloads are off. {FIX}")

    def bring_alone(self, spec: ModelSpec, folder: Path, on_progress: hub.OnBytes) -> None:
        if folder.is_dir():
            return
        part, space = folder.with_name(f".{spec.name}.part"), self.storage.require_space
        hub.download(spec, part, settings=self.settings, require_space=space, on_progress=on_progress)
        require_complete(part, spec.required)
        shutil.rmtree(part / hub.UNFINISHED, ignore_errors=True)
        part.replace(folder)


def require_complete(folder: Path, required: tuple[str, ...]) -> Path:
    """Return the folder of a complete model.

    Raises:
        ModelDamaged: files are missing in it.
    """
    if missing := missing_patterns(folder, required):
        raise ModelDamaged(folder=folder.name, missing=missing)
    return folder
