"""Sound is read as a stream, the same as plain faster-whisper reads it at once."""

from pathlib import Path

import numpy as np
import pytest

from common.media.audio import open_audio
from tests.support.sounds import FIXTURES, RATE_HZ, ffmpeg, speech

CLIP = "speech/en-08.flac"


@pytest.mark.parametrize("name", ["speech/en-08.flac", "speech/en-long.flac", "sample.mp4"])
def test_the_stream_has_the_samples_that_plain_reads(name: str) -> None:
    with open_audio(FIXTURES / name) as sound:
        samples = np.concatenate(list(sound.blocks()))
    assert np.array_equal(samples, speech(name))
    assert sound.position == pytest.approx(len(samples) / RATE_HZ)


@pytest.mark.parametrize("codec", ["pcm_s16le", "libmp3lame", "aac", "libopus"])
def test_a_clip_is_the_same_part_of_the_whole(tmp_path: Path, codec: str) -> None:
    file = tmp_path / "sound.mka"
    ffmpeg(file, "-i", str(FIXTURES / "sample.mp4"), "-vn", "-c:a", codec)
    with open_audio(file) as sound:
        whole = np.concatenate(list(sound.blocks()))
    with open_audio(file, start=8.0, end=10.0) as sound:
        clip = np.concatenate(list(sound.blocks()))
    assert len(clip) == 2 * RATE_HZ
    shifts = {shift: similar(clip, whole[8 * RATE_HZ + shift :][: len(clip)]) for shift in range(-320, 321, 8)}
    best = max(shifts, key=lambda shift: shifts[shift])
    assert abs(best) <= 160, "within 10 ms"
    assert shifts[best] > 0.95


def similar(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))


def test_a_gap_in_the_stamps_is_silence_so_that_later_times_are_right(tmp_path: Path) -> None:
    late = tmp_path / "late.mkv"
    source = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=10:duration=7", "-itsoffset", "3", "-i")
    ffmpeg(late, *source, str(FIXTURES / CLIP), "-c:a", "flac", "-c:v", "libx264", "-preset", "ultrafast")
    with open_audio(late) as sound:
        samples = np.concatenate(list(sound.blocks()))
    assert not samples[: round(2.9 * RATE_HZ)].any()
    assert sound.position == pytest.approx(3 + 4.315, abs=0.05)


def test_damaged_packets_cost_only_themselves(tmp_path: Path) -> None:
    whole, torn = tmp_path / "whole.mp3", tmp_path / "torn.mp3"
    ffmpeg(whole, "-i", str(FIXTURES / "speech/en-long.flac"), "-c:a", "libmp3lame")
    content = bytearray(whole.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 3_000] = b"\x55" * 3_000
    torn.write_bytes(content)
    with open_audio(torn) as sound:
        total = sum(len(block) for block in sound.blocks())
    assert total / RATE_HZ == pytest.approx(106, abs=3)
