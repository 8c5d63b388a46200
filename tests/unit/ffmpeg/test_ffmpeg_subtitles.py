"""ffmpeg.burn_subtitles and ffmpeg.mux_subtitles."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from common.errors import NoVideoTrack
from common.media.fields import Artifact, MediaFile
from services.ffmpeg.contracts import (
    BurnSubtitlesInput,
    BurnSubtitlesOutput,
    MuxSubtitlesInput,
    MuxSubtitlesOutput,
    SubtitleTrack,
)
from services.ffmpeg.errors import CodecUnsupported, SubtitlesUnreadable
from services.ffmpeg.media import MediaInfo
from services.ffmpeg.operations import burn
from services.ffmpeg.operations.mux import codec_in_container
from services.ffmpeg.operations.pictures import SubtitleStyle
from services.ffmpeg.operations.tracks import subtitle_codec
from services.ffmpeg.tasks import burn_subtitles, mux_subtitles
from tests.support.folder_job import FolderJob

Medium = Callable[..., MediaFile]
Place = Callable[[str, bytes], MediaFile]
Inspect = Callable[[Artifact], MediaInfo]
Pixel = Callable[[Artifact, float], bytes]

SRT = b"1\n00:00:00,000 --> 00:00:01,500\nHELLO WORLD\n"
VTT = b"WEBVTT\n\n00:00.000 --> 00:01.500\nHELLO WORLD\n"
ASS = b"""[Script Info]
ScriptType: v4.00+
PlayResX: 160
PlayResY: 90

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Alignment
Style: Default,DejaVu Sans,20,&H00FFFFFF,8

[Events]
Format: Layer, Start, End, Style, Text
Dialogue: 0,0:00:00.00,0:00:01.50,Default,HELLO
"""
FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")


def burn_text(job: FolderJob, video: MediaFile, text: MediaFile, **options: Any) -> BurnSubtitlesOutput:
    params = BurnSubtitlesInput(video_path=video, subtitle_path=text, **options)
    return burn_subtitles(params, job)


def mux(job: FolderJob, video: MediaFile, *tracks: SubtitleTrack, **options: Any) -> MuxSubtitlesOutput:
    return mux_subtitles(MuxSubtitlesInput(video_path=video, tracks=list(tracks), **options), job)


def count_drawn_points(pixel: Pixel, output: BurnSubtitlesOutput, plain: Artifact) -> int:
    """Return how many of the 160 x 90 points the subtitles changed."""
    pairs = zip(pixel(output.video_path, 0.5), pixel(plain, 0.5), strict=True)
    return sum(abs(one - other) > 40 for one, other in pairs)


@pytest.fixture
def plain_video(job: FolderJob, medium: Medium) -> Artifact:
    path: Path = job.share / medium("scenes.mp4")
    return job.storage.describe(path)


@pytest.mark.parametrize(("name", "content"), [("a.srt", SRT), ("a.vtt", VTT), ("a.ass", ASS), ("a.txt", SRT)])
def test_subtitles_of_each_format_are_seen(
    job: FolderJob, place: Place, pixel: Pixel, plain_video: Artifact, *, name: str, content: bytes
) -> None:
    output = burn_text(job, MediaFile(plain_video.path), place(name, content))
    assert count_drawn_points(pixel, output, plain_video) > 10
    assert output.duration == pytest.approx(6.0, abs=0.1)


def test_after_their_time_they_are_gone(job: FolderJob, place: Place, pixel: Pixel, plain_video: Artifact) -> None:
    output = burn_text(job, MediaFile(plain_video.path), place("a.srt", SRT))
    later = zip(pixel(output.video_path, 1.8), pixel(plain_video, 1.8), strict=True)
    assert max(abs(one - other) for one, other in later) < 20


@pytest.mark.parametrize("name", ["it's.srt", "a:b.srt", "a,b;c.srt", "[x].srt", "back\\slash.srt", "two 中文.srt"])
def test_no_name_needs_escaping(job: FolderJob, place: Place, pixel: Pixel, plain_video: Artifact, name: str) -> None:
    (job.share / f"{name}.mp4").write_bytes((job.share / plain_video.path).read_bytes())
    assert count_drawn_points(pixel, burn_text(job, MediaFile(f"{name}.mp4"), place(name, SRT)), plain_video) > 10


def test_a_share_with_a_terrible_name_works_too(tmp_path: Path, media_bytes: Callable[[str], bytes]) -> None:
    job = FolderJob(tmp_path / "it's, [a]: \\ %d sh=are 中文", "ffmpeg")
    (job.share / "video.mp4").write_bytes(media_bytes("scenes.mp4"))
    (job.share / "a.srt").write_bytes(SRT)
    assert burn_text(job, MediaFile("video.mp4"), MediaFile("a.srt")).duration == pytest.approx(6.0, abs=0.1)


@pytest.mark.parametrize("position", ["top", "bottom"])
def test_style_moves_and_colours_the_text(
    job: FolderJob, place: Place, pixel: Pixel, plain_video: Artifact, position: Any
) -> None:
    style = SubtitleStyle(font="DejaVu Sans", font_size=24, bold=True, colour="#00FF00", outline=0, position=position)
    picture = pixel(burn_text(job, MediaFile(plain_video.path), place("a.srt", SRT), style=style).video_path, 0.5)
    top, bottom = picture[: 160 * 45], picture[160 * 45 :]
    written, free = (top, bottom) if position == "top" else (bottom, top)
    assert max(written) - min(written) > 40
    assert max(free) - min(free) < 20


def test_a_style_is_spelled_as_libass_wants_it() -> None:
    style = SubtitleStyle(colour="#112233", bold=True, italic=False, position="middle", margin=7)
    assert burn.force_style(style) == "Bold=-1,Italic=0,PrimaryColour=&H00332211,Alignment=10,MarginV=7"
    assert burn.force_style(SubtitleStyle()) == ""


def test_characters_that_no_font_has_are_told(job: FolderJob, place: Place, plain_video: Artifact) -> None:
    private = "1\n00:00:00,000 --> 00:00:01,500\nA\ue123B\n".encode()
    assert burn_text(job, MediaFile(plain_video.path), place("a.srt", private)).missing_characters == "\ue123"


def test_a_font_of_the_users_own_is_found(job: FolderJob, place: Place, plain_video: Artifact) -> None:
    font = place("my font's.ttf", FONT.read_bytes())
    burn_text(job, MediaFile(plain_video.path), place("a.srt", SRT), font_files=[font])
    assert (job.staging("burned") / "fonts" / "0.ttf").read_bytes() == FONT.read_bytes()


def test_another_encoding_can_be_named(job: FolderJob, place: Place, plain_video: Artifact) -> None:
    text = SRT.replace(b"HELLO", "naïve café".encode("cp1252"))
    with pytest.raises(SubtitlesUnreadable, match="encoding"):
        burn_text(job, MediaFile(plain_video.path), place("a.srt", text))
    burn_text(job, MediaFile(plain_video.path), MediaFile("a.srt"), encoding="cp1252")
    assert "naïve café" in (job.staging("burned") / "subtitles.srt").read_text()


def test_an_encoding_is_detected(job: FolderJob, place: Place, plain_video: Artifact) -> None:
    text = SRT.replace(b"HELLO", "你好我的朋友今天怎么样".encode("gb18030"))
    burn_text(job, MediaFile(plain_video.path), place("a.srt", text))
    assert "你好我的朋友今天怎么样" in (job.staging("burned") / "subtitles.srt").read_text()


def test_another_encoding_is_used_if_named(job: FolderJob, place: Place, plain_video: Artifact) -> None:
    place("a.srt", SRT.replace(b"HELLO", "你好".encode("gb18030")))
    burn_text(job, MediaFile(plain_video.path), MediaFile("a.srt"), encoding="gb18030")
    assert "你好" in (job.staging("burned") / "subtitles.srt").read_text()


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_tells_the_encoding(
    job: FolderJob, place: Place, pixel: Pixel, plain_video: Artifact, codec: str
) -> None:
    text = place("a.srt", SRT.decode().encode(codec))
    assert count_drawn_points(pixel, burn_text(job, MediaFile(plain_video.path), text), plain_video) > 10


@pytest.mark.parametrize("content", [b"", b"no times in here", b"\x89PNG\r\n\x1a\n\x00\xff", b"[Script Info]\n"])
def test_what_is_no_subtitles_is_refused(job: FolderJob, place: Place, plain_video: Artifact, content: bytes) -> None:
    with pytest.raises(SubtitlesUnreadable):
        burn_text(job, MediaFile(plain_video.path), place("a.srt", content))


def test_an_unknown_encoding_is_refused(job: FolderJob, place: Place, plain_video: Artifact) -> None:
    with pytest.raises(SubtitlesUnreadable):
        burn_text(job, MediaFile(plain_video.path), place("a.srt", SRT), encoding="klingon")


def test_sound_alone_cannot_be_drawn_on(job: FolderJob, medium: Medium, place: Place) -> None:
    with pytest.raises(NoVideoTrack):
        burn_text(job, medium("tone.wav"), place("a.srt", SRT))


@pytest.mark.parametrize(("container", "codec"), [("mp4", "mov_text"), ("mkv", "subrip")])
def test_tracks_carry_language_title_and_flags(
    job: FolderJob,
    sample: MediaFile,
    sample_srt: MediaFile,
    place: Place,
    inspect: Inspect,
    *,
    container: Any,
    codec: str,
) -> None:
    english = SubtitleTrack(subtitle_path=sample_srt, language="en", title="It's: English", default=True)
    chinese = SubtitleTrack(subtitle_path=place("zh.vtt", VTT), language="zh", forced=True)
    output = mux(job, sample, english, chinese, container=container)
    one, two = inspect(output.video_path).of("subtitle")
    assert (one.codec, one.language, one.default, one.forced) == (codec, "eng", True, False)
    assert (two.language, two.default, two.forced) == ("chi", False, True)
    assert output.subtitle_tracks == 2
    if container == "mkv":
        assert one.title == "It's: English"


@pytest.mark.engine
@pytest.mark.parametrize("kind", ["video", "audio"])
def test_video_and_sound_are_copied_untouched(
    job: FolderJob, sample: MediaFile, sample_srt: MediaFile, kind: str
) -> None:
    output = mux(job, sample, SubtitleTrack(subtitle_path=sample_srt))
    before, after = packets(job.share / sample, kind), packets(job.path(output.video_path), kind)
    assert len(before) > 100
    assert after == before


def packets(path: Path, kind: str) -> list[bytes]:
    """Return each packet of a file's first track of a kind."""
    with av.open(str(path)) as container:
        (stream, *_) = [stream for stream in container.streams if stream.type == kind]
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


def test_the_tracks_it_had_are_kept_or_left_as_asked(
    job: FolderJob, sample: MediaFile, sample_srt: MediaFile, inspect: Inspect
) -> None:
    first = mux(job, sample, SubtitleTrack(subtitle_path=sample_srt, language="de", default=True), container="mkv")
    (job.share / "had.mkv").write_bytes(job.path(first.video_path).read_bytes())
    french = SubtitleTrack(subtitle_path=sample_srt, language="fr", default=True)
    both = inspect(mux(job, MediaFile("had.mkv"), french).video_path).of("subtitle")
    assert [(track.language, track.default) for track in both] == [("ger", False), ("fre", True)]
    alone = inspect(mux(job, MediaFile("had.mkv"), french, keep_existing=False).video_path).of("subtitle")
    assert [track.language for track in alone] == ["fre"]


def test_ass_keeps_its_styles_in_matroska(job: FolderJob, sample: MediaFile, place: Place, inspect: Inspect) -> None:
    track = SubtitleTrack(subtitle_path=place("a.ass", ASS))
    output = mux(job, sample, track, container="mkv")
    assert inspect(output.video_path).of("subtitle")[0].codec == "ass"
    assert b"DejaVu Sans,20" in job.path(output.video_path).read_bytes()


def test_bitmap_subtitles_fit_matroska_only() -> None:
    assert subtitle_codec("hdmv_pgs_subtitle", "mkv") == "copy"
    assert subtitle_codec("hdmv_pgs_subtitle", "mp4") is None


def test_bitmap_subtitles_that_mp4_cannot_hold_are_named() -> None:
    with pytest.raises(CodecUnsupported, match="keep_existing"):
        codec_in_container("dvd_subtitle", "mp4")


def test_sound_alone_gets_no_subtitles(job: FolderJob, medium: Medium, sample_srt: MediaFile) -> None:
    with pytest.raises(NoVideoTrack):
        mux(job, medium("tone.wav"), SubtitleTrack(subtitle_path=sample_srt))
