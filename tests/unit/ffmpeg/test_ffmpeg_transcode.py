"""ffmpeg.transcode."""

from collections.abc import Callable
from typing import Any

import pytest

from common.errors import TooManyPixels
from common.media.fields import Artifact, MediaFile
from services.ffmpeg.contracts import MediaOutput, TranscodeInput
from services.ffmpeg.errors import CodecUnsupported
from services.ffmpeg.media import MediaInfo
from services.ffmpeg.tasks import transcode
from tests.support.folder_job import FolderJob
from tests.unit.ffmpeg.conftest import make

Medium = Callable[..., MediaFile]
Inspect = Callable[[Artifact], MediaInfo]


def convert(job: FolderJob, media: MediaFile, **options: Any) -> MediaOutput:
    return transcode(TranscodeInput(media_path=media, speed="fast", **options), job)


@pytest.mark.parametrize(
    ("options", "codecs"),
    [
        ({}, ["h264", "aac"]),
        ({"container": "mov"}, ["h264", "aac"]),
        ({"container": "mkv", "video_codec": "h265", "audio_codec": "flac"}, ["hevc", "flac"]),
        ({"container": "webm"}, ["vp9", "opus"]),
        ({"video_codec": "av1", "audio_codec": "opus"}, ["av1", "opus"]),
        ({"video_codec": "copy", "audio_codec": "mp3"}, ["h264", "mp3"]),
        ({"audio_codec": "none"}, ["h264"]),
        ({"video_codec": "none"}, ["aac"]),
        ({"video_codec": "copy", "audio_codec": "copy", "container": "mkv"}, ["h264", "aac"]),
    ],
)
def test_each_form_is_what_it_says(
    job: FolderJob, medium: Medium, inspect: Inspect, options: dict[str, Any], codecs: list[str]
) -> None:
    output = convert(job, medium("video.mp4"), **options)
    assert [stream.codec for stream in inspect(output.media_path).streams] == codecs
    assert output.media_path.path.endswith(f"video.{options.get('container', 'mp4')}")
    assert output.duration == pytest.approx(3.0, abs=0.2)


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({"max_height": 60}, (106, 60)),
        ({"max_width": 100}, (100, 56)),
        ({"max_width": 100, "max_height": 30}, (52, 30)),
        ({"max_width": 4_000}, (160, 90)),
    ],
)
def test_pictures_fit_the_box_with_their_shape_kept(
    job: FolderJob, medium: Medium, inspect: Inspect, options: dict[str, Any], size: tuple[int, int]
) -> None:
    video = inspect(convert(job, medium("video.mp4"), **options).media_path).of("video")[0]
    assert (video.width, video.height) == size


def test_odd_sizes_are_made_even(job: FolderJob, inspect: Inspect) -> None:
    make(job.share / "odd.gif", "-f", "lavfi", "-i", "testsrc2=size=65x37:rate=5:duration=1")
    video = inspect(convert(job, MediaFile("odd.gif")).media_path).of("video")[0]
    assert (video.width, video.height) == (64, 36)


def test_frames_a_second_can_be_chosen(job: FolderJob, medium: Medium, inspect: Inspect) -> None:
    assert inspect(convert(job, medium("video.mp4"), fps=5).media_path).of("video")[0].fps == 5.0


def test_quality_and_bitrate_decide_the_size(job: FolderJob, medium: Medium) -> None:
    media = medium("video.mp4")
    fine, coarse = (convert(job, media, crf=crf).media_path.size for crf in (10, 45))
    assert coarse < fine / 2
    assert convert(job, media, video_bitrate_kbps=50).media_path.size < fine


def test_sound_alone_can_be_converted_too(job: FolderJob, medium: Medium, inspect: Inspect) -> None:
    output = convert(job, medium("tone.wav"), channels=2, audio_bitrate_kbps=64)
    assert [(stream.codec, stream.channels) for stream in inspect(output.media_path).streams] == [("aac", 2)]


@pytest.mark.parametrize(("container", "codec"), [("mp4", "mov_text"), ("webm", "webvtt"), ("mkv", "subrip")])
def test_text_subtitles_go_along(
    job: FolderJob, medium: Medium, sample_srt: MediaFile, inspect: Inspect, *, container: Any, codec: str
) -> None:
    medium("video.mp4")
    inputs = ("-i", str(job.share / "video.mp4"), "-i", str(job.share / sample_srt))
    make(job.share / "with.mkv", *inputs, "-c:v", "copy", "-c:s", "srt", "-metadata:s:s:0", "language=eng")
    kept = inspect(convert(job, MediaFile("with.mkv"), container=container).media_path).of("subtitle")
    assert [(track.codec, track.language) for track in kept] == [(codec, "eng")]
    left = convert(job, MediaFile("with.mkv"), container=container, keep_subtitles=False)
    assert inspect(left.media_path).of("subtitle") == []


def test_a_codec_that_a_container_cannot_hold_is_named(job: FolderJob, medium: Medium) -> None:
    with pytest.raises(CodecUnsupported) as raised:
        convert(job, medium("video.mp4"), container="webm", video_codec="copy")
    assert "WebM" in str(raised.value.detail)
    assert str(job.share) not in str(raised.value.detail)


def test_pictures_over_the_limit_are_refused_by_their_header(job: FolderJob, medium: Medium) -> None:
    job.configure("ffmpeg", max_pixels=160 * 90 - 1)
    with pytest.raises(TooManyPixels) as raised:
        convert(job, medium("video.mp4"))
    assert raised.value.detail == {"width": 160, "height": 90, "max_pixels": 160 * 90 - 1}


def test_pictures_larger_than_their_header_are_refused_too(job: FolderJob) -> None:
    make(job.share / "small.mov", "-f", "lavfi", "-i", "testsrc2=size=64x36:rate=5:duration=1", "-c:v", "png")
    content = (job.share / "small.mov").read_bytes()
    small, huge = (b"IHDR" + side[0].to_bytes(4) + side[1].to_bytes(4) for side in ((64, 36), (16_000, 16_000)))
    assert content.count(small) == 5
    (job.share / "huge.mov").write_bytes(content.replace(small, huge))
    with pytest.raises(TooManyPixels):
        convert(job, MediaFile("huge.mov"))
