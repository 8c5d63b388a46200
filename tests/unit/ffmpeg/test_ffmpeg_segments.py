"""ffmpeg.split_audio_segments."""

import wave
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.errors import NoAudioTrack
from common.media.fields import MediaFile
from services.ffmpeg.contracts import SplitAudioSegmentsInput, SplitAudioSegmentsOutput
from services.ffmpeg.operations.silence import plan
from services.ffmpeg.tasks import split_audio_segments
from tests.support.folder_job import FolderJob

Medium = Callable[..., MediaFile]
TONE_THEN_PAUSE = [(1.4, 2.0), (3.4, 4.0), (5.4, 6.0)]


def wanted(media: str = "a.wav", **options: Any) -> SplitAudioSegmentsInput:
    return SplitAudioSegmentsInput(audio_path=MediaFile(media), **options)


def split(job: FolderJob, media: MediaFile, **options: Any) -> SplitAudioSegmentsOutput:
    return split_audio_segments(wanted(media, **options), job)


def edges(output: SplitAudioSegmentsOutput) -> list[float]:
    return [output.segments[0].start, *(segment.end for segment in output.segments)]


def test_a_fixed_length_is_kept_to(job: FolderJob, medium: Medium) -> None:
    output = split(job, medium("pauses.wav"), cut_at="length", max_length=2)
    assert edges(output) == pytest.approx([0, 2, 4, 6, 7.4], abs=0.001)


def test_cuts_fall_into_the_last_silence_that_is_in_time(job: FolderJob, medium: Medium) -> None:
    output = split(job, medium("pauses.wav"), max_length=5)
    assert edges(output) == pytest.approx([0, 3.7, 7.4], abs=0.02)


def test_every_silence_can_be_cut_at(job: FolderJob, medium: Medium) -> None:
    output = split(job, medium("pauses.wav"), cut_at="every_silence")
    assert edges(output) == pytest.approx([0, 1.7, 3.7, 5.7, 7.4], abs=0.02)


def test_short_audio_stays_whole(job: FolderJob, medium: Medium) -> None:
    assert len(split(job, medium("pauses.wav")).segments) == 1


def test_without_silence_the_length_decides(job: FolderJob, medium: Medium) -> None:
    assert edges(split(job, medium("tone.wav"), max_length=2)) == pytest.approx([0, 2, 3], abs=0.001)


def test_the_pieces_hold_all_the_sound(job: FolderJob, medium: Medium) -> None:
    output = split(job, medium("pauses.wav"), max_length=3)
    frames = 0
    for segment in output.segments:
        with wave.open(str(job.path(segment.audio_path))) as sound:
            assert sound.getnframes() / 16_000 == pytest.approx(segment.end - segment.start, abs=0.001)
            frames += sound.getnframes()
    assert frames == 7.4 * 16_000


@pytest.mark.parametrize("kind", ["flac", "mp3", "opus", "aac"])
def test_every_format_can_be_split(job: FolderJob, medium: Medium, kind: Any) -> None:
    output = split(job, medium("pauses.wav"), max_length=5, format=kind)
    assert edges(output) == pytest.approx([0, 3.7, 7.4], abs=0.15)


def test_both_phases_are_reported_and_the_percent_never_falls(job: FolderJob, sample: MediaFile) -> None:
    split(job, sample, max_length=10)
    percents = job.percents
    assert job.phases == ["find silences", "split"]
    assert percents == sorted(percents)


def test_a_video_without_sound_is_told_apart(job: FolderJob, medium: Medium) -> None:
    with pytest.raises(NoAudioTrack):
        split(job, medium("silent-film.mp4"))


def test_a_cut_leaves_no_piece_under_the_least_length() -> None:
    cuts = plan([(0.2, 0.4), (3.4, 4.0), (7.2, 7.3)], 7.4, wanted(cut_at="every_silence", min_length=1.0))
    assert cuts == [3.7]


def test_the_plan_falls_back_to_the_length_between_distant_silences() -> None:
    assert plan(TONE_THEN_PAUSE, 30.0, wanted(max_length=8)) == [5.7, 13.7, 21.7, 29.7]


@example(silences=[], max_length=21.739130150061705, cut_at="silence")  # 23 of them are 500 s but for a rounding
@given(
    silences=st.lists(st.floats(0, 500), max_size=30, unique=True).map(sorted),
    max_length=st.floats(5, 100),
    cut_at=st.sampled_from(["silence", "every_silence"]),
)
def test_no_planned_piece_is_too_long_and_time_only_grows(
    silences: list[float], max_length: float, cut_at: Any
) -> None:
    cuts = plan([(time, time) for time in silences], 500.0, wanted(max_length=max_length, cut_at=cut_at))
    marks = [0.0, *cuts, 500.0]
    assert all(0 < after - before <= max_length + 0.01 for before, after in pairwise(marks))
