"""ffmpeg.extract_audio."""

import wave
from collections.abc import Callable
from typing import Any

import pytest

from common.errors import ClipOutsideMedia, NoAudioTrack
from common.media.fields import Artifact, MediaFile
from services.ffmpeg.contracts import AudioOutput, ExtractAudioInput
from services.ffmpeg.errors import MediaDamaged
from services.ffmpeg.media import MediaInfo
from services.ffmpeg.tasks import extract_audio
from tests.support.folder_job import FolderJob
from tests.unit.ffmpeg.conftest import make

Medium = Callable[..., MediaFile]
Inspect = Callable[[Artifact], MediaInfo]


def extract(job: FolderJob, media: MediaFile, **options: Any) -> AudioOutput:
    return extract_audio(ExtractAudioInput(video_path=media, **options), job)


def test_it_gives_16_khz_mono_16_bit_wav_unless_asked_otherwise(job: FolderJob, sample: MediaFile) -> None:
    output = extract(job, sample)
    with wave.open(str(job.path(output.audio_path))) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16_000, 1, 2)
        assert sound.getnframes() / 16_000 == pytest.approx(output.duration, abs=0.001)
    assert output.duration == pytest.approx(26.12, abs=0.05)
    assert output.audio_path.path == "workflows/job-1/attempt-1/audio.wav"


def test_the_same_input_gives_the_same_bytes(job: FolderJob, sample: MediaFile) -> None:
    first, second = (job.path(extract(job, sample).audio_path).read_bytes() for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("kind", "codec", "rate"),
    [
        ("wav", "pcm_s16le", 44_100),
        ("flac", "flac", 44_100),
        ("mp3", "mp3", 44_100),
        ("opus", "opus", 48_000),
        ("aac", "aac", 44_100),
    ],
)
def test_every_format_holds_what_it_says(
    job: FolderJob, medium: Medium, inspect: Inspect, *, kind: Any, codec: str, rate: int
) -> None:
    output = extract(job, medium("video.mp4"), format=kind, sample_rate=None, channels=2)
    sound = inspect(output.audio_path).of("audio")[0]
    assert (sound.codec, sound.sample_rate, sound.channels) == (codec, rate, 2)
    assert (output.sample_rate, output.channels) == (rate, 2)
    assert output.duration == pytest.approx(3.0, abs=0.1)


def test_a_bitrate_makes_smaller_files(job: FolderJob, sample: MediaFile) -> None:
    small, large = (extract(job, sample, format="mp3", bitrate_kbps=rate).audio_path.size for rate in (16, 64))
    assert small < large / 2


def test_another_track_can_be_chosen(job: FolderJob, medium: Medium) -> None:
    media = medium("two-tracks.mkv")
    for track, heard in ((0, True), (1, False)):
        with wave.open(str(job.path(extract(job, media, track=track).audio_path))) as sound:
            assert any(sound.readframes(sound.getnframes())) is heard


def test_only_a_part_can_be_taken(job: FolderJob, medium: Medium) -> None:
    output = extract(job, medium("video.mp4"), start=0.5, end=1.75)
    assert output.duration == pytest.approx(1.25, abs=0.001)


def test_an_end_after_the_end_is_the_end(job: FolderJob, medium: Medium) -> None:
    assert extract(job, medium("video.mp4"), start=2, end=100).duration == pytest.approx(1.0, abs=0.1)


def test_a_part_after_the_end_is_refused(job: FolderJob, medium: Medium) -> None:
    with pytest.raises(ClipOutsideMedia) as raised:
        extract(job, medium("video.mp4"), start=3.5)
    assert raised.value.detail["duration"] == pytest.approx(3.0, abs=0.1)


def test_a_video_without_sound_is_told_apart(job: FolderJob, medium: Medium) -> None:
    with pytest.raises(NoAudioTrack) as raised:
        extract(job, medium("silent-film.mp4"))
    assert raised.value.detail == {"track": 0, "audio_tracks": 0}


def test_a_track_too_many_is_refused(job: FolderJob, medium: Medium) -> None:
    with pytest.raises(NoAudioTrack):
        extract(job, medium("two-tracks.mkv"), track=2)


@pytest.mark.parametrize("name", ["-i.mp4", "a:b.mp4", "it's [1], \\ a %03d 中文.mp4"])
def test_any_name_can_be_read(job: FolderJob, medium: Medium, name: str) -> None:
    assert extract(job, medium("video.mp4", name)).duration == pytest.approx(3.0, abs=0.1)


@pytest.fixture(params=["mp4", "mkv"])
def truncated_film(job: FolderJob, sample: MediaFile, request: pytest.FixtureRequest) -> MediaFile:
    """Return a film whose download ended early; its header still promises all of it."""
    whole = job.share / f"whole.{request.param}"
    make(whole, "-i", str(job.share / sample), "-c", "copy", *(["-movflags", "+faststart"] * (request.param == "mp4")))
    (job.share / "cut-off").write_bytes(whole.read_bytes()[:200_000])
    return MediaFile("cut-off")


def test_a_file_that_ends_early_is_not_taken_for_whole(job: FolderJob, truncated_film: MediaFile) -> None:
    with pytest.raises(MediaDamaged, match="allow_damaged"):
        extract(job, truncated_film)
    assert job.published == []


def test_what_can_be_read_of_a_damaged_file_can_be_asked_for(job: FolderJob, truncated_film: MediaFile) -> None:
    assert 5 < extract(job, truncated_film, allow_damaged=True).duration < 20


def test_progress_grows_to_the_end(job: FolderJob, sample: MediaFile) -> None:
    extract(job, sample, format="flac", sample_rate=192_000)
    percents = job.percents
    assert job.phases == ["extract"]
    assert percents == sorted(percents)
    assert percents[-1] == pytest.approx(100, abs=1)
