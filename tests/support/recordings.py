"""Recordings with known content: real ones in the folder TEST_RECORDINGS, and those that the tests compose."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

SPOKEN: dict[str, tuple[str, str]] = {
    "jfk.flac": (
        "en",
        "And so my fellow Americans, ask not what your country can do for you, ask what you can do for your country.",
    ),
    "english.wav": ("en", "1, 2, 3"),  # the normalizer makes 123 of "one two three", which no transcript is
    "french.aiff": ("fr", "et c'est la dictée numéro 1"),
    "chinese.flac": ("zh", "砸自己的脚"),
}
"""Language and text of the recordings whose times are not known."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A sentence and when it is spoken, in seconds."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Recording:
    """`utterances` is empty if the times are not known."""

    file: Path
    language: str
    """Of most of the speech."""
    text: str
    utterances: tuple[Utterance, ...] = ()

    @property
    def name(self) -> str:
        return self.file.stem


def find_recordings(folder: Path) -> dict[str, Recording]:
    """Return the recordings of a folder by name: those of SPOKEN, and `synthesised/*.flac` with its JSON."""
    found = [Recording(folder / name, *known) for name, known in SPOKEN.items() if (folder / name).is_file()]
    found += [read_described(file) for file in sorted((folder / "synthesised").glob("*.json"))]
    return {recording.name: recording for recording in found}


def read_described(description: Path) -> Recording:
    spoken = json.loads(description.read_text(encoding="utf-8"))["utterances"]
    utterances = [Utterance(one["start"], one["end"], one["text"]) for one in spoken]
    languages = [one["lang"] for one in spoken]
    main = max(sorted(set(languages)), key=languages.count)
    return recording_of(description.with_suffix(".flac"), main, utterances)


def recording_of(file: Path, language: str, utterances: list[Utterance]) -> Recording:
    return Recording(file, language, " ".join(utterance.text for utterance in utterances), tuple(utterances))
