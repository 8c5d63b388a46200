"""Stereo whose channels cancel each other out in a mix: noticed, mixed with one of them inverted, and reported."""

import re
from collections.abc import Callable
from typing import Literal

import numpy as np
import pytest

from common.media.fields import Artifact
from services.ffmpeg.contracts import ExtractAudioInput, NormalizeAudioInput, SplitAudioSegmentsInput, TranscodeInput
from services.ffmpeg.media import MediaInfo
from services.ffmpeg.operations import phase
from services.ffmpeg.tasks import extract_audio, normalize_audio, split_audio_segments, transcode
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
    normalized = normalize_audio(NormalizeAudioInput(media_path=name, channels=1, loudness=-8), job)
    (track,) = inspect(made.media_path).of("audio")
    assert (track.channels, track.language) == (1, "fre")
    return [
        ([extracted.audio_path], extracted.warnings),
        ([piece.audio_path for piece in pieces.segments], pieces.warnings),
        ([made.media_path], made.warnings),
        ([normalized.media_path], normalized.warnings),
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
    assert [told for _, told in others] == [[], [], []]
    assert warnings == []
    expected = job.path(file).with_name("plain.wav")
    make(expected, "-i", str(job.share / name), "-ac", "1", "-ar", str(RATE_HZ), "-c:a", "pcm_s16le")
    assert job.path(file).read_bytes()[-RATE_HZ:] == expected.read_bytes()[-RATE_HZ:]


SPANS = 240
FLIPPING = f"{TONE}|{TONE}*if(lt(mod(t\\,6)\\,2.5)\\,-1\\,1)"
"""Cancels itself out in the first 2.5 of each 6 s."""


def test_hundreds_of_spans_are_each_repaired(job: FolderJob) -> None:
    """One expression of so many terms is refused by ffmpeg."""
    length = 6 * SPANS
    make(
        job.share / "flipping.flac", "-f", "lavfi", "-i", f"aevalsrc={FLIPPING}:d={length}:s={RATE_HZ}:c=stereo",
        "-sample_fmt", "s16",
    )  # fmt: skip
    output = extract_audio(ExtractAudioInput(video_path="flipping.flac"), job)
    samples = np.frombuffer(job.path(output.audio_path).read_bytes()[-length * RATE_HZ * 2 :], dtype="<i2") / 2**15
    rms = np.sqrt((samples.reshape(SPANS, -1, RATE_HZ // 2) ** 2).mean(axis=2))
    inside = [block for block in range(12) if block not in {0, 4, 5, 11}]  # the edges are those of ffmpeg's frames
    assert rms[:, inside].min() > 0.3
    (warning,) = output.warnings
    (seconds,) = re.findall(r"for ([\d.]+) s;", warning)
    assert float(seconds) == pytest.approx(2.5 * SPANS, rel=0.05)


def test_each_of_several_tracks_is_repaired_in_its_own_spans(job: FolderJob) -> None:
    early, late = (f"{TONE}|{TONE}*if({when}\\,-1\\,1)" for when in ("lt(t\\,4)", "gt(t\\,6)"))
    sources = [
        argument
        for sound in (early, late)
        for argument in ("-f", "lavfi", "-i", f"aevalsrc={sound}:d=10:s={RATE_HZ}:c=stereo")
    ]
    make(job.share / "calls.mkv", *sources, "-map", "0", "-map", "1", "-c:a", "flac")
    wanted = TranscodeInput(media_path="calls.mkv", channels=1, video_codec="none", container="mkv", audio_codec="flac")
    made = transcode(wanted, job)
    assert len(made.warnings) == 2
    content = job.path(made.media_path).read_bytes()
    for track in (0, 1):
        extracted = extract_audio(ExtractAudioInput(video_path=job.put("made.mkv", content), track=track), job)
        assert levels(job, extracted.audio_path)[1:-1].min() > 0.3


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("sound", [UNRELATED, IN_PHASE, INVERTED])
def test_a_mix_has_the_wanted_loudness(job: FolderJob, sound: str, channels: Literal[1, 2]) -> None:
    output = normalize_audio(
        NormalizeAudioInput(media_path=stereo(job, sound), channels=channels, loudness=-20, format="wav"), job
    )
    assert output.after.integrated == pytest.approx(-20, abs=0.5)
    again = job.put("again.wav", job.path(output.media_path).read_bytes())
    assert normalize_audio(NormalizeAudioInput(media_path=again), job).before.integrated == pytest.approx(-20, abs=0.5)


def test_spans_with_only_a_pause_between_are_one() -> None:
    assert phase.join([(1.0, 2.0), (3.5, 6.0), (9.0, 11.0)]) == [(1.0, 6.0), (9.0, 11.0)]
    assert phase.join([]) == []
