"""The audio track that the ffmpeg tasks read: by number, by language, or the default one."""

from collections.abc import Callable
from typing import Any

import pytest

from common.errors import NoAudioTrack
from common.media.fields import Artifact, MediaFile
from services.ffmpeg import contracts as c
from services.ffmpeg import tasks
from services.ffmpeg.media import MediaInfo
from tests.support.folder_job import FolderJob
from tests.support.late_audio import tones_in
from tests.support.sounds import ffmpeg

Inspect = Callable[[Artifact], MediaInfo]
GERMAN, FRENCH = {"index": 0, "language": "ger"}, {"index": 1, "language": "fre"}
WANTED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {**FRENCH, "reason": "default"}),
    ({"language": "de"}, {**GERMAN, "reason": "language"}),
    ({"language": "deu"}, {**GERMAN, "reason": "language"}),
    ({"language": "ja"}, {**FRENCH, "reason": "default"}),
    ({"track": 0}, {**GERMAN, "reason": "requested"}),
]
SOUNDS = {0: [(0.0, 1.0)], 1: [(2.0, 3.0)]}


@pytest.fixture
def two(job: FolderJob) -> MediaFile:
    """A film whose first track sounds in the first second, and whose second and default one in the third."""
    pictures = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=10:duration=3")
    tones = [f"aevalsrc='0.5*sin(440*2*PI*t)*between(t\\,{a}\\,{b})':d=3:s=48000" for a, b in ((0, 1), (2, 3))]
    sounds = [part for tone in tones for part in ("-f", "lavfi", "-i", tone)]
    tags = ("-metadata:s:a:0", "language=ger", "-metadata:s:a:1", "language=fre")
    flags = ("-disposition:a:0", "0", "-disposition:a:1", "default")
    encoded = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")
    ffmpeg(job.share / "two.mkv", *pictures, *sounds, "-map", "0", "-map", "1", "-map", "2", *encoded, *tags, *flags)
    return MediaFile("two.mkv")


@pytest.mark.parametrize(("wanted", "track"), WANTED)
def test_one_track_is_read_and_the_result_says_which(
    job: FolderJob, two: MediaFile, wanted: dict[str, Any], track: dict[str, Any]
) -> None:
    sound = tasks.extract_audio(c.ExtractAudioInput(video_path=two, **wanted), job)
    split = tasks.split_audio_segments(c.SplitAudioSegmentsInput(audio_path=two, **wanted), job)
    loud = tasks.normalize_audio(c.NormalizeAudioInput(media_path=two, **wanted), job)
    assert [output.track.model_dump() for output in (sound, split, loud)] == [track] * 3
    for made in (sound.audio_path, split.segments[0].audio_path, loud.media_path):
        assert tones_in(job.path(made)) == [pytest.approx(tone, abs=0.1) for tone in SOUNDS[track["index"]]]


@pytest.mark.parametrize(("wanted", "track"), WANTED)
@pytest.mark.parametrize("way", ["copy", "exact", "transcode"])
def test_a_film_keeps_the_chosen_track_or_all_if_none_was(
    job: FolderJob, two: MediaFile, inspect: Inspect, *, way: str, wanted: dict[str, Any], track: dict[str, Any]
) -> None:
    if way == "transcode":
        output = tasks.transcode(c.TranscodeInput(media_path=two, video_codec="copy", **wanted), job)
    else:
        output = tasks.cut_media(c.CutInput.model_validate({"media_path": two, "mode": way, **wanted}), job)
    kept = [stream.language for stream in inspect(output.media_path).of("audio")]
    if not wanted:
        assert (output.track, len(kept)) == (None, 2)
        return
    assert output.track
    assert (output.track.model_dump(), kept) == (track, [track["language"]])
    assert tones_in(job.path(output.media_path)) == [pytest.approx(tone, abs=0.1) for tone in SOUNDS[track["index"]]]


def test_an_audio_file_that_is_cut_exactly_keeps_the_default_track(job: FolderJob, two: MediaFile) -> None:
    ffmpeg(job.share / "two.mka", "-i", str(job.share / two), "-map", "0:a", "-c", "copy")
    output = tasks.cut_media(c.CutInput(media_path=MediaFile("two.mka"), mode="exact"), job)
    assert output.track
    assert output.track.model_dump() == {**FRENCH, "reason": "default"}
    assert tones_in(job.path(output.media_path)) == [pytest.approx((2.0, 3.0), abs=0.1)]


def test_a_track_too_many_is_refused(job: FolderJob, two: MediaFile) -> None:
    with pytest.raises(NoAudioTrack):
        tasks.transcode(c.TranscodeInput(media_path=two, track=2), job)
    with pytest.raises(NoAudioTrack):
        tasks.cut_media(c.CutInput(media_path=two, track=2), job)
