"""Two channels: mixed so that they never cancel each other out, or read separately."""

from pathlib import Path

import numpy as np
import pytest
from faster_whisper import decode_audio

from common.errors import TooManyChannels
from common.media.audio import open_audio
from tests.support.sounds import FIXTURES, RATE_HZ, ffmpeg, speech, write_channels

CLIP = FIXTURES / "speech/en-long.flac"
CODECS = ["flac", "pcm_u8", "pcm_s24le", "pcm_f32le", "aac", "libmp3lame", "libopus"]


def write_stereo(path: Path, right: str, codec: str = "flac", *, seconds: int = 20) -> Path:
    """Write speech in the left channel, and `right` (an expression of `pan`) in the right one."""
    ffmpeg(path, "-t", str(seconds), "-i", str(CLIP), "-af", f"pan=stereo|c0=c0|c1={right}", "-c:a", codec)
    return path


def read(path: Path, *, split: bool = False) -> tuple[np.ndarray, list[str]]:
    with open_audio(path, split=split) as sound:
        samples = np.concatenate(list(sound.blocks()))
        return samples, sound.warnings(speech=True)


def loudness(samples: np.ndarray) -> float:
    return float(np.sqrt((samples**2).mean()))


@pytest.mark.parametrize("codec", CODECS)
def test_channels_that_cancel_each_other_out_are_answered_by_one_of_them(tmp_path: Path, codec: str) -> None:
    path = write_stereo(tmp_path / "inverted.mka", "-1*c0", codec)
    assert loudness(decode_audio(str(path))) < 0.005, "else this shows nothing"
    samples, warnings = read(path)
    assert loudness(samples) == pytest.approx(loudness(speech("speech/en-long.flac")[: 20 * RATE_HZ]), rel=0.05)
    assert len(warnings) == 1
    assert "cancel each other out for 1" in warnings[0] or "cancel each other out for 20" in warnings[0]
    assert "channel 0 was read" in warnings[0]


def test_the_louder_channel_is_read(tmp_path: Path) -> None:
    path = tmp_path / "inverted.flac"
    ffmpeg(path, "-i", str(CLIP), "-af", "pan=stereo|c0=-0.8*c0|c1=c0")
    ours, warnings = read(path)
    clean = speech("speech/en-long.flac")
    assert "cancel" in warnings[0]
    assert loudness(ours) > 0.75 * loudness(clean)


@pytest.mark.parametrize("right", ["c0", "0*c0", "0.3*c0", "-0.5*c0"])
@pytest.mark.parametrize("codec", ["flac", "aac"])
def test_other_stereo_is_mixed_as_plain_faster_whisper_does(tmp_path: Path, right: str, codec: str) -> None:
    path = write_stereo(tmp_path / "stereo.mka", right, codec)
    samples, warnings = read(path)
    plain = decode_audio(str(path))
    assert np.array_equal(samples[: len(plain)], plain)
    assert not warnings


def test_only_the_part_that_cancels_is_replaced(tmp_path: Path) -> None:
    clean = speech("speech/en-long.flac")[: 20 * RATE_HZ]
    right = clean.copy()
    right[6 * RATE_HZ : 12 * RATE_HZ] *= -1
    write_channels(tmp_path / "part.wav", [clean, right])
    samples, warnings = read(tmp_path / "part.wav")
    for begin, end in ((0, 6), (7, 12), (13, 20)):
        part = slice(begin * RATE_HZ, end * RATE_HZ)
        assert loudness(samples[part]) == pytest.approx(loudness(clean[part]), rel=0.05)
    assert "cancel" in warnings[0]


def test_silence_cancels_nothing(tmp_path: Path) -> None:
    path = tmp_path / "silence.flac"
    ffmpeg(path, "-f", "lavfi", "-i", "anullsrc=cl=stereo:r=48000:d=5")
    assert read(path)[1] == []


@pytest.mark.parametrize("codec", ["flac", "libmp3lame"])
def test_separate_channels_are_what_each_is_alone(tmp_path: Path, codec: str) -> None:
    path = write_stereo(tmp_path / "stereo.mka", "0.5*c0", codec)
    samples, warnings = read(path, split=True)
    assert (samples.ndim, samples.shape[1], warnings) == (2, 2, [])
    for channel in range(2):
        alone = tmp_path / f"{channel}.wav"
        ffmpeg(alone, "-i", str(path), "-af", f"pan=mono|c0=c{channel}")
        expected = decode_audio(str(alone))
        length = min(len(expected), len(samples))
        assert abs(len(expected) - len(samples)) < RATE_HZ * 0.1
        assert np.abs(samples[:length, channel] - expected[:length]).max() < 0.002


def test_a_track_of_one_channel_says_so(tmp_path: Path) -> None:
    samples, warnings = read(CLIP, split=True)
    assert samples.shape[1] == 1
    assert np.array_equal(samples[:, 0], speech("speech/en-long.flac"))
    assert "one channel" in warnings[0]


def test_too_many_channels_are_refused(tmp_path: Path) -> None:
    many = tmp_path / "many.wav"
    ffmpeg(many, "-f", "lavfi", "-i", "anullsrc=cl=hexadecagonal:r=16000:d=1")
    with pytest.raises(TooManyChannels), open_audio(many, split=True):
        pass
