"""Inputs that mean harm, and limits that hold."""

import errno
import os
import subprocess
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from signal import SIGKILL, SIGSEGV, Signals
from typing import Any

import pytest

from common.errors import BatonError, MediaTooLong, NotMedia, StorageFull
from common.files import disk
from common.media.fields import MediaFile
from services.ffmpeg.contracts import (
    BurnSubtitlesInput,
    CutInput,
    DetectShotsInput,
    ExtractAudioInput,
    ExtractKeyframesInput,
    MuxSubtitlesInput,
    NormalizeAudioInput,
    ProbeInput,
    SplitAudioSegmentsInput,
    SubtitleTrack,
    TranscodeInput,
)
from services.ffmpeg.engine import Ffmpeg
from services.ffmpeg.errors import CodecUnsupported, FfmpegFailed, FfmpegKilled, OutputTooLarge, SubtitlesUnreadable
from services.ffmpeg.execution.failures import error_of
from services.ffmpeg.execution.media_limits import Clip
from services.ffmpeg.execution.process import ProcessResult
from services.ffmpeg.execution.resource_limits import ResourceLimits
from services.ffmpeg.operations import audio, burn, subtitles
from services.ffmpeg.settings import FfmpegSettings
from services.ffmpeg.tasks import (
    burn_subtitles,
    cut_media,
    detect_shots,
    extract_audio,
    extract_keyframes,
    mux_subtitles,
    normalize_audio,
    probe,
    split_audio_segments,
    transcode,
)
from tests.support.folder_job import FolderJob
from tests.support.sounds import ffmpeg as make

Medium = Callable[..., MediaFile]
Place = Callable[[str, bytes], MediaFile]

EVIL = MediaFile("evil.mp4")
PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{secret}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{secret}'\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
    '<Representation id="1" bandwidth="1" mimeType="audio/mp4"><BaseURL>{secret}</BaseURL></Representation>'
    "</AdaptationSet></Period></MPD>",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n",
}


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """Return another user's recording, outside share."""
    target = tmp_path / "secret.ts"
    make(target, "-f", "lavfi", "-i", "sine=duration=3", "-f", "mpegts")
    return target


@pytest.fixture(params=PLAYLISTS)
def playlist(request: pytest.FixtureRequest, place: Place, secret: Path) -> MediaFile:
    return place(EVIL, PLAYLISTS[request.param].format(secret=secret).encode())


def test_an_unguarded_ffmpeg_would_read_the_other_file(place: Place, job: FolderJob, secret: Path) -> None:
    place(EVIL, PLAYLISTS["concat"].format(secret=secret).encode())
    make(job.share / "stolen.wav", "-safe", "0", "-i", str(job.share / EVIL))
    assert (job.share / "stolen.wav").stat().st_size > 100_000


def test_a_playlist_that_is_called_a_film_is_refused(job: FolderJob, playlist: MediaFile) -> None:
    with pytest.raises(NotMedia):
        probe(ProbeInput(media_path=playlist), job)


@pytest.mark.engine
def test_ffmpeg_itself_refuses_a_playlist_too(job: FolderJob, playlist: MediaFile) -> None:
    with pytest.raises(NotMedia):
        write_wav(job, job.share / playlist)
    assert not (job.staging("audio.wav")).exists() or (job.staging("audio.wav")).stat().st_size == 0


ALL_TASKS: list[tuple[Callable[..., Any], Any]] = [
    (extract_audio, ExtractAudioInput(video_path=EVIL)),
    (extract_keyframes, ExtractKeyframesInput(video_path=EVIL)),
    (detect_shots, DetectShotsInput(video_path=EVIL)),
    (split_audio_segments, SplitAudioSegmentsInput(audio_path=EVIL)),
    (cut_media, CutInput(media_path=EVIL)),
    (transcode, TranscodeInput(media_path=EVIL)),
    (burn_subtitles, BurnSubtitlesInput(video_path=EVIL, subtitle_path=EVIL)),
    (mux_subtitles, MuxSubtitlesInput(video_path=EVIL, tracks=[SubtitleTrack(subtitle_path=EVIL)])),
    (normalize_audio, NormalizeAudioInput(media_path=EVIL)),
]


@pytest.mark.parametrize(("task", "params"), ALL_TASKS)
def test_no_task_opens_a_playlist(
    job: FolderJob, place: Place, secret: Path, task: Callable[..., Any], params: Any
) -> None:
    place(EVIL, PLAYLISTS["hls"].format(secret=secret).encode())
    with pytest.raises(NotMedia):
        task(params, job)
    assert job.published == []


def test_a_playlist_that_is_called_subtitles_is_refused(job: FolderJob, medium: Medium, place: Place) -> None:
    other = place("other.vtt", b"WEBVTT\n\n00:00.000 --> 00:01.500\nSECRET\n")
    hls = f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n# -->\n#EXTINF:3,\n{job.share / other}\n#EXT-X-ENDLIST\n"
    params = BurnSubtitlesInput(video_path=medium("scenes.mp4"), subtitle_path=place("a.srt", hls.encode()))
    with pytest.raises(SubtitlesUnreadable):
        burn_subtitles(params, job)
    assert "SECRET" not in (job.staging("burned") / burn.DRAWN).read_text()


def write_wav(job: FolderJob, source: Path, on_progress: Callable[[float], None] = lambda _: None) -> None:
    """Decode without the probe that a task begins with."""
    ffmpeg = Ffmpeg(job.settings.section(FfmpegSettings))
    form = ExtractAudioInput(video_path=MediaFile("unused"))
    target = job.staging("audio.wav")
    audio.write(ffmpeg, source, target, form, track=0, clip=Clip(0.0, None), on_progress=on_progress)


def day_long(flac: bytes) -> bytes:
    """Return a FLAC whose header says 24 h (https://xiph.org/flac/format.html#metadata_block_streaminfo)."""
    start = flac.index(b"fLaC") + 18
    word = int.from_bytes(flac[start : start + 8])
    samples = 24 * 3600 * 44_100
    return flac[:start] + (word >> 36 << 36 | samples).to_bytes(8) + flac[start + 8 :]


def test_a_header_that_promises_a_day_is_refused(
    job: FolderJob, media_bytes: Callable[[str], bytes], place: Place
) -> None:
    with pytest.raises(MediaTooLong) as raised:
        extract_audio(ExtractAudioInput(video_path=place("day.flac", day_long(media_bytes("tone.flac")))), job)
    assert raised.value.detail == {"seconds": 86_400.0, "max_duration": 43_200.0}


def test_a_part_of_a_long_file_may_be_taken(job: FolderJob, sample: MediaFile) -> None:
    job.configure("ffmpeg", max_duration=5)
    with pytest.raises(MediaTooLong):
        extract_audio(ExtractAudioInput(video_path=sample), job)
    assert extract_audio(ExtractAudioInput(video_path=sample, end=4), job).duration == 4.0


def test_a_file_that_does_not_tell_its_length_is_stopped_on_the_way(job: FolderJob) -> None:
    make(job.share / "long.aac", "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "5", "-f", "adts")
    job.configure("ffmpeg", max_duration=1)
    with pytest.raises(MediaTooLong):
        write_wav(job, job.share / "long.aac")


def test_an_output_over_the_limit_is_an_error_and_not_cut_short(job: FolderJob, sample: MediaFile) -> None:
    job.configure("ffmpeg", max_output_bytes=100_000)
    with pytest.raises(OutputTooLarge, match="max_output_bytes"):
        extract_audio(ExtractAudioInput(video_path=sample), job)
    assert job.published == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_said_to_be_full(job: FolderJob, sample: MediaFile, small_disk: Path) -> None:
    source = job.share / sample
    full = FolderJob(small_disk / "share", "ffmpeg")
    with pytest.raises(StorageFull) as raised:
        write_wav(full, source)
    assert raised.value.retryable
    assert os.strerror(errno.ENOSPC) in str(raised.value.detail)


@pytest.mark.parametrize("number", sorted(disk.FULL))
def test_a_disk_that_is_full_at_the_very_end_is_told_though_ffmpeg_ends_well(number: int) -> None:
    ending = ProcessResult(code=0, lines=deque([f"Error writing trailer: {os.strerror(number)}"]))
    assert isinstance(error_of(ending, ResourceLimits(FfmpegSettings())), StorageFull)


def test_a_format_that_this_ffmpeg_lacks_is_named(job: FolderJob, medium: Medium) -> None:
    ffmpeg = Ffmpeg(job.settings.section(FfmpegSettings))
    sound = ffmpeg.input(job.share / medium("tone.wav"))["a:0"]
    with pytest.raises(CodecUnsupported):
        ffmpeg.run(ffmpeg.output(sound, "x.wav", {"c:a": "nonesuch"}), job.staging("x").parent, lambda _: None)


def test_any_other_failure_tells_the_last_words_without_this_hosts_folders(job: FolderJob, medium: Medium) -> None:
    ffmpeg = Ffmpeg(job.settings.section(FfmpegSettings))
    sound = ffmpeg.input(job.share / medium("tone.wav"))["a:0"]
    command = ffmpeg.output(sound, "x.unknown", {})
    with pytest.raises(FfmpegFailed) as raised:
        ffmpeg.run(command, job.staging("x").parent, lambda _: None)
    assert raised.value.detail["ffmpeg"]
    assert str(job.share) not in str(raised.value.detail)


@pytest.mark.parametrize(("end", "kind"), [(SIGKILL, FfmpegKilled), (SIGSEGV, FfmpegFailed)])
def test_an_ffmpeg_that_was_killed_is_tried_again_and_one_that_crashed_is_not(
    end: Signals, kind: type[BatonError]
) -> None:
    error = error_of(ProcessResult(code=-end), ResourceLimits(FfmpegSettings()))
    assert isinstance(error, kind)
    assert error.retryable is (end is SIGKILL)
    assert error.detail["exit_code"] == -end


def test_subtitles_larger_than_any_are_refused(job: FolderJob, tmp_path: Path) -> None:
    huge = job.share / "huge.srt"
    with huge.open("wb") as file:
        file.truncate(subtitles.MAX_BYTES + 1)
    with pytest.raises(SubtitlesUnreadable, match="MiB"):
        subtitles.prepare(huge, tmp_path, "a", "utf-8")
