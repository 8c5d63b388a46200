"""ffmpeg.probe."""

from collections.abc import Callable
from pathlib import Path

import pytest

from common.errors import FileMissing, NotMedia
from common.media.fields import MediaFile
from services.ffmpeg import probe as headers
from services.ffmpeg.contracts import ProbeInput
from services.ffmpeg.media import MediaInfo
from services.ffmpeg.settings import FfmpegSettings
from services.ffmpeg.tasks import probe
from tests.support.folder_job import FolderJob
from tests.unit.ffmpeg.conftest import RECIPES, make

Medium = Callable[..., MediaFile]


def read(job: FolderJob, media: MediaFile) -> MediaInfo:
    return probe(ProbeInput(media_path=media), job)


def test_it_tells_container_duration_and_every_track(job: FolderJob, sample: MediaFile) -> None:
    info = read(job, sample)
    video, sound = info.streams
    assert (info.container, info.duration, info.size) == ("mov,mp4,m4a,3gp,3g2,mj2", 26.12, 344_771)
    assert (video.kind, video.codec, video.width, video.height, video.fps) == ("video", "h264", 640, 360, 25.0)
    assert (sound.kind, sound.codec, sound.sample_rate, sound.channels) == ("audio", "aac", 16_000, 1)
    assert info.bit_rate is not None
    assert video.rotation == 0


def test_it_tells_languages_and_dispositions(job: FolderJob, medium: Medium) -> None:
    sounds = read(job, medium("two-tracks.mkv")).of("audio")
    assert [(track.language, track.forced) for track in sounds] == [("eng", False), ("chi", True)]


def test_it_tells_chapters_and_tags(job: FolderJob, medium: Medium) -> None:
    medium("tone.wav")
    notes = job.share / "notes.txt"
    notes.write_text(
        ";FFMETADATA1\ntitle=Film 片\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=500\nEND=2000\ntitle=The storm\n",
    )
    make(job.share / "book.mkv", "-i", str(job.share / "tone.wav"), "-i", str(notes), "-map_metadata", "1")
    info = read(job, MediaFile("book.mkv"))
    assert [(chapter.start, chapter.end, chapter.title) for chapter in info.chapters] == [(0.5, 2.0, "The storm")]
    assert info.tags["title"] == "Film 片"


def test_it_tells_how_a_phone_held_the_camera(job: FolderJob, medium: Medium) -> None:
    medium("silent-film.mp4")
    turned = ("-display_rotation", "90", "-i", str(job.share / "silent-film.mp4"), "-c", "copy")
    make(job.share / "turned.mp4", *turned)
    assert read(job, MediaFile("turned.mp4")).streams[0].rotation == 90


def test_a_cover_image_is_no_video(job: FolderJob, medium: Medium) -> None:
    medium("tone.wav")
    cover = ("-f", "lavfi", "-i", "color=red:size=32x32:d=1:r=1")
    sound = ("-i", str(job.share / "tone.wav"), *cover, "-map", "0", "-map", "1", "-c:v", "mjpeg")
    make(job.share / "song.mp3", *sound, "-disposition:v", "attached_pic", "-frames:v", "1", "-pix_fmt", "yuvj420p")
    info = read(job, MediaFile("song.mp3"))
    assert [stream.kind for stream in info.streams] == ["audio", "picture"]
    assert info.extension == "mp3"


def test_the_content_decides_not_the_extension(job: FolderJob, medium: Medium) -> None:
    assert read(job, medium("tone.flac", "tone.mp4")).container == "flac"


def test_tags_in_another_encoding_are_read_as_well_as_they_can_be(job: FolderJob, medium: Medium) -> None:
    medium("tone.wav")
    make(job.share / "gbk.mp3", "-i", str(job.share / "tone.wav"), "-metadata", "title=XXXX", "-id3v2_version", "3")
    content = (job.share / "gbk.mp3").read_bytes()
    (job.share / "gbk.mkv").write_bytes(content.replace("XXXX".encode("utf-16-le"), b"\x00\xd8\x00\xd8XXXX"))
    assert read(job, MediaFile("gbk.mkv")).of("audio")


@pytest.mark.parametrize(
    "name", ["-dash.wav", "a:b.wav", "http:x.wav", "it's [1], \\ a %03d 中文 🎬.wav", "concat:a|b.wav"]
)
def test_any_name_is_only_a_name(job: FolderJob, medium: Medium, name: str) -> None:
    assert read(job, medium("tone.wav", name)).container == "wav"


def test_a_missing_file_is_said_to_be_missing(job: FolderJob) -> None:
    with pytest.raises(FileMissing):
        read(job, MediaFile("nowhere.mp4"))
    with pytest.raises(FileMissing):
        headers.inspect(job.share / "gone.mp4", job.settings.section(FfmpegSettings))


@pytest.mark.parametrize("content", [b"", b"just some words\n" * 100, b"\x00" * 5000, b"PK\x03\x04" + b"x" * 500])
def test_what_is_no_medium_is_refused(job: FolderJob, place: Callable[[str, bytes], MediaFile], content: bytes) -> None:
    with pytest.raises(NotMedia):
        read(job, place("film.mp4", content))


def test_a_picture_is_no_medium(job: FolderJob, tmp_path: Path) -> None:
    make(job.share / "still.png", "-f", "lavfi", "-i", "color=red:size=32x32:d=1", "-frames:v", "1")
    with pytest.raises(NotMedia):
        read(job, MediaFile("still.png"))


def test_an_mp4_cut_off_before_its_index_is_refused(
    job: FolderJob, media_bytes: Callable[[str], bytes], place: Callable[[str, bytes], MediaFile]
) -> None:
    with pytest.raises(NotMedia):
        read(job, place("cut-off.mp4", media_bytes("video.mp4")[:5_000]))


def test_every_recipe_is_a_medium(job: FolderJob, medium: Medium) -> None:
    assert all(read(job, medium(name)).duration for name in RECIPES)
