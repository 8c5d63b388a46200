"""A job to make subtitles in, and the speech with exact truth as transcripts."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from common.transcript.format import Segment, Transcript, Word
from tests.support.folder_job import FolderJob

FIXTURES = Path(__file__).parents[2] / "fixtures"


@pytest.fixture
def job(tmp_path: Path) -> FolderJob:
    return FolderJob(tmp_path / "share", "subtitle")


@pytest.fixture(scope="session")
def truth() -> Callable[[str], Transcript]:
    """Return a function that gives what is said in a fixture, as a speech engine would."""
    files = json.loads((FIXTURES / "truth.json").read_text())

    def transcript(name: str) -> Transcript:
        segments = []
        for said in files[name]:
            space = "" if said["language"] == "zh" else " "
            words = [
                Word(start=spoken["start"], end=spoken["end"], text=space + spoken["word"]) for spoken in said["words"]
            ]
            text = "".join(word.text for word in words).strip()
            more = {"language": said["language"], "speaker": said["speaker"]}
            segments.append(
                Segment(id=said["id"], start=said["start"], end=said["end"], text=text, words=words, **more)
            )
        return Transcript(segments=segments, language=segments[0].language, duration=segments[-1].end)

    return transcript


@pytest.fixture(scope="session")
def run_on(truth: Callable[[str], Transcript]) -> Callable[[str], Transcript]:
    """Return a function that gives a fixture as one long segment, which is harder to cut."""

    def transcript(name: str) -> Transcript:
        apart = truth(name)
        words = list(apart.words)
        text = "".join(word.text for word in words).strip()
        whole = Segment(id=7, start=words[0].start, end=words[-1].end, text=text, words=words, language=apart.language)
        return apart.model_copy(update={"segments": [whole]})

    return transcript
