"""Test sounds: fixtures, sounds that ffmpeg generates, and files with wrong headers."""

import struct
import subprocess
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe

FIXTURES = Path(__file__).parents[1] / "fixtures"
RATE_HZ = 16_000


def speech(name: str) -> np.ndarray:
    """Return a fixture's samples, decoded as faster-whisper does."""
    from faster_whisper import decode_audio  # noqa: PLC0415 - heavy, and not every test of sound needs it

    samples: np.ndarray = decode_audio(str(FIXTURES / name))
    return samples


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE_HZ), dtype=np.float32)


def write_wav(path: Path, pieces: Sequence[np.ndarray]) -> None:
    """Write samples as 16-bit PCM."""
    write_channels(path, [np.concatenate(pieces)])


def write_channels(path: Path, channels: Sequence[np.ndarray]) -> None:
    """Write channels of the same length as 16-bit PCM."""
    samples = np.stack(channels, axis=1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((samples * 32_768).clip(-32_768, 32_767).astype("<i2").tobytes())


def promise(flac: bytes, *, hours: int) -> bytes:
    """Change the length in a FLAC's header: the low 32 bits of its number of samples."""
    return flac[:22] + struct.pack(">I", hours * 3600 * RATE_HZ) + flac[26:]


def ffmpeg(target: Path, *arguments: str) -> None:
    command = [get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-y", *arguments, str(target)]
    subprocess.run(command, check=True, timeout=60)
