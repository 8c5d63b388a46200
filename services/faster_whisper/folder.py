"""What must be in the files of a model's folder: what CTranslate2 itself would note only in the first transcription."""

import json
from pathlib import Path

from common.models.errors import ModelDamaged

KINDS = {"config.json": dict, "tokenizer.json": dict, "vocabulary.json": list, "preprocessor_config.json": dict}


def refuse_damaged(folder: Path) -> None:
    """Read the small files; one that the folder does not have is none of this function's business.

    Raises:
        ModelDamaged: one of them is not the JSON that it should be.
    """
    for name, kind in KINDS.items():
        file = folder / name
        if file.is_file() and not holds(file, kind):
            raise ModelDamaged(folder=folder.name, file=name)


def holds(file: Path, kind: type) -> bool:
    """Tell whether there is something of this kind in a file, and all of it."""
    try:
        content = json.loads(file.read_bytes())
    except ValueError:
        return False
    return isinstance(content, kind) and bool(content)
