"""Validate the small files of a model folder, which CTranslate2 would check only in the first transcription."""

import json
from pathlib import Path

from common.models.errors import ModelDamaged

KINDS = {"config.json": dict, "tokenizer.json": dict, "vocabulary.json": list, "preprocessor_config.json": dict}


def refuse_damaged(folder: Path) -> None:
    """Validate the small files; files that the folder does not have are not checked.

    Raises:
        ModelDamaged: one of them is not the expected JSON.
    """
    for name, kind in KINDS.items():
        file = folder / name
        if file.is_file() and not holds(file, kind):
            raise ModelDamaged(folder=folder.name, file=name)


def holds(file: Path, kind: type) -> bool:
    """Return whether a file contains complete JSON of this type."""
    try:
        content = json.loads(file.read_bytes())
    except ValueError:
        return False
    return isinstance(content, kind) and bool(content)
