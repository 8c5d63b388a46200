"""Synthetic voices of many languages: espeak-ng, run as a separate program in Piper's virtual environment (it is GPL).

They sound like a machine, so even plain Whisper makes many errors: a test compares with what it makes of the same file.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.support import espeak_program
from tests.support.piper import PROGRAM

if TYPE_CHECKING:
    import numpy as np


def speak(voice: str, sentences: list[str]) -> list[np.ndarray]:
    """Return the samples of each sentence, 16 kHz mono; the same sentence always sounds the same."""
    from faster_whisper import decode_audio  # noqa: PLC0415 - heavy

    with TemporaryDirectory() as folder:
        command = [str(PROGRAM), espeak_program.__file__, voice, folder]
        lines = "".join(f"{sentence}\n" for sentence in sentences)
        subprocess.run(command, input=lines.encode(), check=True, timeout=120, capture_output=True)
        return [decode_audio(str(Path(folder, f"{number}.wav"))) for number in range(len(sentences))]
