"""Where models are stored. Read-only: nothing is loaded or downloaded here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from common.files.storage import MODELS, Storage
from common.models.spec import ModelSpec
from common.settings import ModelSettings

FolderState = Literal["present", "damaged", "missing"]


@dataclass(frozen=True, slots=True)
class ModelPaths:
    """The models folder under share, and the tiny models that ship with Baton."""

    storage: Storage
    settings: ModelSettings

    def folder(self, spec: ModelSpec) -> Path:
        """Return the folder of a model, whether it exists or not."""
        if spec.shipped:
            return self.settings.test_models / spec.shipped
        return self.storage.root / MODELS / spec.engine / spec.name

    def find(self, spec: ModelSpec) -> FolderState:
        folder = self.folder(spec)
        if not folder.is_dir():
            return "missing"
        return "damaged" if missing_patterns(folder, spec.required) else "present"

    def size(self, spec: ModelSpec) -> int:
        """Return the total size of a model's files in bytes."""
        return size_of(self.folder(spec))


def size_of(folder: Path) -> int:
    """Return the total size of all files below a folder, 0 if it does not exist."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def missing_patterns(folder: Path, required: tuple[str, ...]) -> list[str]:
    """Return the patterns that match no file."""
    return [pattern for pattern in required if not any(file.is_file() for file in folder.glob(pattern))]
