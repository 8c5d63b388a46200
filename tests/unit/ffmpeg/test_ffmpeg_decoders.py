"""Which decoders may read a file: all of usual media, and no others."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from common.errors import CodecNotAllowed
from common.media.audio import SAMPLE_RATE_HZ, open_audio
from common.media.decoders import DECODERS
from common.media.fields import Artifact, MediaFile
from services.ffmpeg.contracts import CutInput, ExtractAudioInput, ExtractKeyframesInput, ProbeInput, TranscodeInput
from services.ffmpeg.media import MediaInfo
from services.ffmpeg.tasks import cut_media, extract_audio, extract_keyframes, probe, transcode
from services.paddleocr.video import open_video
from tests.support.folder_job import FolderJob
from tests.support.sounds import ffmpeg as make

PICTURES = ("-f", "lavfi", "-i", "testsrc2=size=352x288:rate=25:duration=0.2")
SOUND = ("-f", "lavfi", "-i", "sine=frequency=440:duration=0.6:sample_rate=48000")
OTHER_PROGRAMS = {"libspeex", "libopencore_amrnb", "libopencore_amrwb"}
"""Decoders that only some builds have."""

VIDEO = {
    **dict.fromkeys(("libx264", "libx265", "libvpx", "libvpx-vp9", "libaom-av1", "libtheora"), "mkv"),
    **dict.fromkeys(("ffv1", "huffyuv", "ffvhuff", "rawvideo", "utvideo", "png", "mjpeg"), "mkv"),
    **dict.fromkeys(("mpeg4", "msmpeg4v2", "msmpeg4", "msvideo1", "bmp"), "avi"),
    **dict.fromkeys(("prores_ks", "qtrle", "v210", "tiff", "jpeg2000"), "mov"),
    **dict.fromkeys(("wmv1", "wmv2"), "asf"),
    **dict.fromkeys(("mpeg1video", "mpeg2video"), "mpg"),
    "flv": "flv",
    "gif": "gif",
    "h263": "3gp",
}
AUDIO = {
    **dict.fromkeys(("aac", "libmp3lame", "mp2", "ac3", "eac3", "libopus", "libvorbis", "flac", "alac", "tta"), "mkv"),
    **dict.fromkeys(("wavpack", "pcm_s16le", "pcm_s24le", "pcm_f32le"), "mkv"),
    **dict.fromkeys(("adpcm_ms", "adpcm_ima_wav", "pcm_alaw", "pcm_mulaw", "pcm_u8"), "wav"),
    **dict.fromkeys(("wmav1", "wmav2"), "asf"),
    **dict.fromkeys(("adpcm_ima_qt", "pcm_s16be"), "mov"),
    "adpcm_swf": "flv",
}
STRICT = {
    "dca": ("mkv", "-strict", "-2"),
    "truehd": ("mkv", "-strict", "-2"),
    "libopencore_amrnb": ("amr", "-ar", "8000", "-ac", "1"),
    "libgsm": ("gsm", "-ar", "8000"),
    "libspeex": ("ogg", "-ar", "16000"),
}


def list_codecs(kind: str) -> set[str]:
    command = [get_ffmpeg_exe(), "-hide_banner", kind]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    return set(re.findall(r"^ [VAS][A-Z.]{5} ([\w.-]+)", printed, re.MULTILINE))


ENCODERS = list_codecs("-encoders")


def known_encoders(*names: str) -> list[str]:
    return [name for name in names if name in ENCODERS]


@pytest.mark.parametrize("encoder", known_encoders(*VIDEO))
def test_usual_pictures_are_decoded(job: FolderJob, encoder: str) -> None:
    name = f"film.{VIDEO[encoder]}"
    make(job.share / name, *PICTURES, "-c:v", encoder)
    made = extract_keyframes(ExtractKeyframesInput(video_path=MediaFile(name), mode="interval"), job)
    assert made.frames


@pytest.mark.parametrize("encoder", known_encoders(*AUDIO, *STRICT))
def test_usual_sound_is_decoded(job: FolderJob, encoder: str) -> None:
    extension, *options = STRICT.get(encoder) or (AUDIO[encoder],)
    name = f"sound.{extension}"
    make(job.share / name, *SOUND, "-c:a", encoder, *options)
    assert extract_audio(ExtractAudioInput(video_path=MediaFile(name)), job).duration > 0.4


@pytest.fixture
def unusual_film(job: FolderJob) -> MediaFile:
    make(job.share / "unusual.avi", *PICTURES, "-c:v", "cinepak")
    return MediaFile("unusual.avi")


def test_an_unusual_codec_is_refused_by_its_name_and_with_the_setting(job: FolderJob, unusual_film: MediaFile) -> None:
    with pytest.raises(CodecNotAllowed, match=r"add cinepak to ffmpeg\.extra_decoders") as raised:
        transcode(TranscodeInput(media_path=unusual_film), job)
    assert not raised.value.retryable
    assert raised.value.detail == {"decoder": "cinepak"}


def test_the_setting_allows_an_unusual_codec(
    job: FolderJob, unusual_film: MediaFile, inspect: Callable[[Artifact], MediaInfo]
) -> None:
    job.configure("ffmpeg", extra_decoders=["cinepak"])
    made = transcode(TranscodeInput(media_path=unusual_film), job)
    assert inspect(made.media_path).of("video")[0].codec == "h264"


def test_an_unusual_codec_may_be_looked_at_and_copied(job: FolderJob, unusual_film: MediaFile) -> None:
    assert probe(ProbeInput(media_path=unusual_film), job).of("video")[0].codec == "cinepak"
    assert cut_media(CutInput(media_path=unusual_film, end=0.1, mode="copy"), job).duration > 0


def test_services_that_decode_in_their_own_process_refuse_it_too(job: FolderJob, unusual_film: MediaFile) -> None:
    film, sound = job.share / unusual_film, job.share / "unusual.wav"
    make(sound, *SOUND, "-c:a", "dfpwm")
    with pytest.raises(CodecNotAllowed, match="cinepak"), open_video(film, max_pixels=10**6):
        pass
    with pytest.raises(CodecNotAllowed, match="dfpwm"), open_audio(sound):
        pass


@pytest.mark.parametrize("encoder", known_encoders(*AUDIO, *STRICT))
def test_usual_sound_is_decoded_in_a_service_own_process(tmp_path: Path, encoder: str) -> None:
    extension, *options = STRICT.get(encoder) or (AUDIO[encoder],)
    make(tmp_path / f"sound.{extension}", *SOUND, "-c:a", encoder, *options)
    with open_audio(tmp_path / f"sound.{extension}") as track:
        assert sum(len(block) for block in track.blocks()) > 0.4 * SAMPLE_RATE_HZ


def test_every_name_of_the_list_is_a_decoder() -> None:
    assert set(DECODERS) - OTHER_PROGRAMS <= list_codecs("-decoders")
    assert len(DECODERS) == len(set(DECODERS))


def test_the_fixtures_are_decoded(job: FolderJob) -> None:
    for file in sorted((Path(__file__).parents[2] / "fixtures").glob("*.mp4")):
        (job.share / file.name).write_bytes(file.read_bytes())
        made = transcode(TranscodeInput(media_path=MediaFile(file.name), speed="fast", max_width=64), job)
        assert made.duration > 0
