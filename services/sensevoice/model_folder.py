"""The files of a model: weights, tokens, and, unless the weights contain it, the normalization.

sherpa-onnx exports `model.onnx` or `model.int8.onnx` with everything else in its metadata, and `tokens.txt`; FunASR
exports `model.onnx` or `model_quant.onnx`, `tokens.json` and `am.mvn`.
"""

import json
import re
from pathlib import Path

from common.models.errors import ModelDamaged

WEIGHTS = ("model.int8.onnx", "model_quant.onnx", "model.onnx")
"""The first one found is used; the quantized ones are a quarter in size and faster on a CPU."""
TOKENS = ("tokens.txt", "tokens.json")
NORMALISATION = "am.mvn"
VECTOR = re.compile(r"<LearnRateCoef>\s+\S+\s+\[([^]]*)\]")


def weights(folder: Path) -> Path:
    """Return the ONNX file.

    Raises:
        ModelDamaged: there is none.
    """
    return present(folder, WEIGHTS)


def present(folder: Path, names: tuple[str, ...]) -> Path:
    found = next((folder / name for name in names if (folder / name).is_file()), None)
    if found is None:
        raise ModelDamaged(folder=folder.name, missing=list(names))
    return found


def read_tokens(folder: Path) -> tuple[str, ...]:
    """Return the vocabulary in the order of its ids.

    Raises:
        ModelDamaged: there is no token list, or it is malformed.
    """
    file = present(folder, TOKENS)
    try:
        text = file.read_text(encoding="utf-8")
        return tuple(json.loads(text)) if file.suffix == ".json" else parse_tokens(text)
    except (ValueError, TypeError, IndexError) as error:
        raise ModelDamaged(file=file.name, reason=str(error)) from error


def parse_tokens(text: str) -> tuple[str, ...]:
    """Parse lines of a token and its id. A token may contain what usually ends a line, such as U+2028.

    Raises:
        ValueError: an id is missing, or occurs twice.
    """
    rows = [line.rpartition(" ") for line in text.split("\n") if line.strip()]
    tokens = {int(number): token for token, _, number in rows}
    if sorted(tokens) != list(range(len(rows))):
        raise ValueError("the ids of the tokens are not 0, 1, 2, …")
    return tuple(tokens[number] for number in range(len(tokens)))


def read_normalisation(folder: Path) -> tuple[list[float], list[float]]:
    """Return the negative mean and the inverse standard deviation of `am.mvn`.

    Raises:
        ModelDamaged: the file is missing or malformed.
    """
    file = present(folder, (NORMALISATION,))
    try:
        found = [[float(number) for number in row.split()] for row in VECTOR.findall(file.read_text(encoding="utf-8"))]
        shift, scale = found
    except ValueError as error:
        raise ModelDamaged(file=file.name, reason=str(error)) from error
    return shift, scale
