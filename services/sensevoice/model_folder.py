"""The files of a model: weights, tokens, and where the weights do not carry it, the normalisation.

sherpa-onnx exports `model.onnx` or `model.int8.onnx` with everything else in its metadata, and `tokens.txt`; FunASR
exports `model.onnx` or `model_quant.onnx`, `tokens.json` and `am.mvn`.
"""

import json
import re
from pathlib import Path

from common.models.errors import ModelDamaged

WEIGHTS = ("model.int8.onnx", "model_quant.onnx", "model.onnx")
"""The first one that is there; the quantised ones are a quarter in size and faster on a CPU."""
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
    """Return the vocabulary in the order of its numbers.

    Raises:
        ModelDamaged: there is no list, or it is no list.
    """
    file = present(folder, TOKENS)
    try:
        text = file.read_text(encoding="utf-8")
        return tuple(json.loads(text)) if file.suffix == ".json" else parse_tokens(text)
    except (ValueError, TypeError, IndexError) as error:
        raise ModelDamaged(file=file.name, reason=str(error)) from error


def parse_tokens(text: str) -> tuple[str, ...]:
    """Read lines of a token and its number. A token may be what else ends a line, such as U+2028.

    Raises:
        ValueError: a number is missing, or there twice.
    """
    rows = [line.rpartition(" ") for line in text.split("\n") if line.strip()]
    tokens = {int(number): token for token, _, number in rows}
    if sorted(tokens) != list(range(len(rows))):
        raise ValueError("the numbers of the tokens are not 0, 1, 2, …")
    return tuple(tokens[number] for number in range(len(tokens)))


def read_normalisation(folder: Path) -> tuple[list[float], list[float]]:
    """Return the negative mean and the inverse standard deviation of `am.mvn`.

    Raises:
        ModelDamaged: it is not there, or holds something else.
    """
    file = present(folder, (NORMALISATION,))
    try:
        found = [[float(number) for number in row.split()] for row in VECTOR.findall(file.read_text(encoding="utf-8"))]
        shift, scale = found
    except ValueError as error:
        raise ModelDamaged(file=file.name, reason=str(error)) from error
    return shift, scale
