"""Stereo whose channels cancel each other out in a mix: noticed, mixed with one of them inverted, and reported."""

import re
from collections.abc import Callable

import numpy as np
import pytest

from common.media.fields import Artifact
from services.ffmpeg.contracts import ExtractAudioInput, SplitAudioSegmentsInput, TranscodeInput
from services.ffmpeg.media import MediaInfo
from services.ffmpeg.operations import phase
from services.ffmpeg.tasks import extract_audio, split_audio_segments, transcode
from tests.support.folder_job import FolderJob
from tests.unit.ffmpeg.conftest import make

Inspect = Callable[[Artifact], MediaInfo]
RATE_HZ = 16_000
TONE = "sin(440*2*PI*t)*0.5"
INVERTED = f"{TONE}|-0.9*{TONE}"
PARTLY = f"{TONE}|{TONE}*if(between(t\\,3\\,7)\\,-1\\,1)"
IN_PHASE = f"{TONE}|0.8*{TONE}"
UNRELATED = "sin(440*2*PI*t)*0.5|sin(570*2*PI*t)*0.5"


def stereo(job: FolderJob, sound: str) -> str:
    source = ("-f", "lavfi", "-i", f"aevalsrc={sound}:d=10:s={RATE_HZ}:c=stereo")
    make(job.share / "call.mkv", *source, "-c:a", "flac", "-metadata:s:a:0", "language=fre")
    return "call.mkv"


def levels(job: FolderJob, made: Artifact) -> np.ndarray:
    """Return the RMS of each second."""
    wav = job.path(made).with_suffix(".level.wav")
    make(wav, "-i", str(job.path(made)), "-ac", "1", "-ar", str(RATE_HZ), "-f", "wav")
    samples = np.frombuffer(wav.read_bytes()[-10 * RATE_HZ * 2 :], dtype="<i2") / 2**15
    rms: np.ndarray = np.sqrt((samples[: len(samples) // RATE_HZ * RATE_HZ].reshape(-1, RATE_HZ) ** 2).mean(axis=1))
    return rms


def outputs(job: FolderJob, inspect: Inspect, name: str) -> list[tuple[list[Artifact], list[str]]]:
    """Return the files and warnings of each task that mixes to one channel."""
    extracted = extract_audio(ExtractAudioInput(video_path=name), job)
    pieces = split_audio_segments(SplitAudioSegmentsInput(audio_path=name, cut_at="length"), job)
    made = transcode(
        TranscodeInput(media_path=name, channels=1, video_codec="none", container="mkv", audio_codec="aac"), job
    )
    (track,) = inspect(made.media_path).of("audio")
    assert (track.channels, track.language) == (1, "fre")
    return [
        ([extracted.audio_path], extracted.warnings),
        ([piece.audio_path for piece in pieces.segments], pieces.warnings),
        ([made.media_path], made.warnings),
    ]


@pytest.mark.parametrize("sound", [INVERTED, PARTLY])
def test_what_would_be_silent_is_there_and_reported(job: FolderJob, inspect: Inspect, sound: str) -> None:
    for (file, *others), warnings in outputs(job, inspect, stereo(job, sound)):
        assert not others
        assert levels(job, file)[1:-1].min() > 0.3
        (warning,) = warnings
        assert "cancel each other out" in warning
        (seconds,) = re.findall(r"for ([\d.]+) s;", warning)
        assert float(seconds) == pytest.approx(4.0 if sound == PARTLY else 10.0, abs=0.15)


@pytest.mark.parametrize("sound", [IN_PHASE, UNRELATED])
def test_other_stereo_is_mixed_as_before(job: FolderJob, inspect: Inspect, sound: str) -> None:
    name = stereo(job, sound)
    ((file,), warnings), *others = outputs(job, inspect, name)
    assert [told for _, told in others] == [[], []]
    assert warnings == []
    expected = job.path(file).with_name("plain.wav")
    make(expected, "-i", str(job.share / name), "-ac", "1", "-ar", str(RATE_HZ), "-c:a", "pcm_s16le")
    assert job.path(file).read_bytes()[-RATE_HZ:] == expected.read_bytes()[-RATE_HZ:]


def test_spans_with_only_a_pause_between_are_one() -> None:
    assert phase.join([(1.0, 2.0), (3.5, 6.0), (9.0, 11.0)]) == [(1.0, 6.0), (9.0, 11.0)]
    assert phase.join([]) == []
