"""A synthetic voice: Piper, run as a separate program in a virtual environment of its own (it is GPL).

Without random variation, the same sentence always sounds the same.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.support.recordings import Utterance
from tests.support.sounds import RATE_HZ, silence
from tests.support.stack import ROOT

PROGRAM = ROOT / ".venv-piper/bin/python"
STEADY = ("--noise-scale", "0", "--noise-w-scale", "0", "--sentence-silence", "0")


@dataclass(frozen=True, slots=True)
class PiperVoice:
    """An English voice; `model` is an ONNX file."""

    model: Path

    def speak(self, sentences: list[str]) -> list[np.ndarray]:
        """Return the samples of each sentence, 16 kHz mono."""
        from faster_whisper import decode_audio  # noqa: PLC0415 - heavy

        with TemporaryDirectory() as folder:
            texts, spoken = Path(folder, "sentences.txt"), Path(folder, "spoken")
            texts.write_text("".join(f"{sentence}\n" for sentence in sentences), encoding="utf-8")
            command = [PROGRAM, "-m", "piper", "-m", self.model, "-i", texts, "-d", spoken, *STEADY]
            subprocess.run(list(map(str, command)), check=True, timeout=300, capture_output=True)
            files = sorted(spoken.glob("*.wav"), key=lambda file: int(file.stem))  # named by their time
            assert len(files) == len(sentences), f"Piper wrote {len(files)} of {len(sentences)} sentences"
            return [decode_audio(str(file)) for file in files]


def compose(
    sentences: Iterable[tuple[str, np.ndarray]], *, lead: float = 0.5, pause: float = 1.0
) -> tuple[np.ndarray, list[Utterance]]:
    """Return the sentences one after the other, with the times of each; `lead` and `pause` are seconds of silence."""
    pieces, utterances, at = [silence(lead)], [], lead
    for text, sound in sentences:
        utterances.append(Utterance(round(at, 3), round(at + len(sound) / RATE_HZ, 3), text))
        pieces += [sound, silence(pause)]
        at += len(sound) / RATE_HZ + pause
    return np.concatenate(pieces), utterances
