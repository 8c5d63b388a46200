"""ffmpeg.normalize_audio."""

from collections.abc import Callable
from typing import Any

import pytest

from common.errors import NoAudioTrack, NoVideoTrack
from common.media.fields import Artifact, MediaFile
from services.ffmpeg.contracts import NormalizeAudioInput, NormalizeAudioOutput
from services.ffmpeg.errors import AudioSilent
from services.ffmpeg.media import MediaInfo
from services.ffmpeg.tasks import normalize_audio
from tests.support.folder_job import FolderJob

Medium = Callable[..., MediaFile]
Inspect = Callable[[Artifact], MediaInfo]


def normalize(job: FolderJob, media: MediaFile, **options: Any) -> NormalizeAudioOutput:
    return normalize_audio(NormalizeAudioInput(media_path=media, **options), job)


@pytest.mark.parametrize("loudness", [-16.0, -23.0])
def test_the_wanted_loudness_is_met_when_measured_again(job: FolderJob, sample: MediaFile, loudness: float) -> None:
    output = normalize(job, sample, loudness=loudness)
    (job.share / "again.wav").write_bytes(job.path(output.media_path).read_bytes())
    again = normalize(job, MediaFile("again.wav"))
    assert output.before.integrated == pytest.approx(-20.66, abs=0.3)
    assert again.before.integrated == pytest.approx(loudness, abs=1.0)
    assert again.before.true_peak <= -0.5


@pytest.mark.parametrize(
    ("kind", "rate"), [("wav", 16_000), ("flac", 16_000), ("mp3", 16_000), ("opus", 48_000), ("aac", 16_000)]
)
def test_the_sample_rate_stays(job: FolderJob, sample: MediaFile, inspect: Inspect, kind: Any, rate: int) -> None:
    sound = inspect(normalize(job, sample, format=kind).media_path).of("audio")[0]
    assert sound.sample_rate == rate


@pytest.mark.parametrize("name", ["video.mp4", "two-tracks.mkv"])
def test_pictures_can_be_kept(job: FolderJob, medium: Medium, inspect: Inspect, name: str) -> None:
    output = normalize(job, medium(name), keep_video=True)
    assert [stream.codec for stream in inspect(output.media_path).streams] == ["h264", "aac"]
    assert output.media_path.path.endswith(name[-4:])


def test_silence_has_no_loudness(job: FolderJob, medium: Medium) -> None:
    with pytest.raises(AudioSilent):
        normalize(job, medium("quiet.wav"))


def test_what_is_missing_is_named(job: FolderJob, medium: Medium) -> None:
    with pytest.raises(NoAudioTrack):
        normalize(job, medium("silent-film.mp4"))
    with pytest.raises(NoVideoTrack):
        normalize(job, medium("tone.wav"), keep_video=True)


def test_both_passes_are_reported(job: FolderJob, sample: MediaFile) -> None:
    normalize(job, sample)
    percents = job.percents
    assert job.phases == ["measure", "normalize"]
    assert percents == sorted(percents)
