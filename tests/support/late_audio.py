"""Media whose audio starts late and has a gap: only the timestamps say so."""

from pathlib import Path

import numpy as np

from common.media.audio import SAMPLE_RATE_HZ, open_audio
from tests.support.sounds import ffmpeg

TONES = [(1.5, 2.5), (4.5, 5.5)]
"""When the audio sounds, in seconds. Before and between there are no packets."""
LENGTH = 6.0
LOUD = 0.02
WINDOW = SAMPLE_RATE_HZ // 100


def write_late_film(path: Path, codec: str = "aac", *, rate: int = 48_000) -> None:
    """Write a film whose audio packets are those of `TONES` only."""
    whole = path.with_name(f"whole-{path.name}")
    pictures = ("-f", "lavfi", "-i", f"testsrc2=size=160x90:rate=10:duration={LENGTH}")
    tone = ("-f", "lavfi", "-i", f"sine=frequency=440:duration={LENGTH}:sample_rate={rate},volume=4")
    encoded = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-pix_fmt", "yuv420p", "-c:a", codec)
    ffmpeg(whole, *pictures, *tone, *encoded)
    kept = "+".join(f"between(pts*tb,{start},{end - 0.001})" for start, end in TONES)
    ffmpeg(path, "-i", str(whole), "-c", "copy", "-bsf:a", f"noise=drop='not({kept})'")


def tones_in(path: Path, *, start: float = 0.0, end: float | None = None) -> list[tuple[float, float]]:
    """Return when the audio of a medium sounds, in seconds."""
    with open_audio(path, start=start, end=end) as sound:
        return tones_of(np.concatenate([np.zeros(0, np.float32), *sound.blocks()]), start)


def tones_of(samples: np.ndarray, start: float = 0.0) -> list[tuple[float, float]]:
    """Return when samples sound, in seconds; pauses of less than 0.3 s are ignored."""
    windows = samples[: len(samples) // WINDOW * WINDOW].reshape(-1, WINDOW)
    loud = np.flatnonzero(np.sqrt((windows**2).mean(axis=1)) > LOUD)
    runs = np.split(loud, np.flatnonzero(np.diff(loud) > 30) + 1) if len(loud) else []
    return [(float(start + run[0] / 100), float(start + (run[-1] + 1) / 100)) for run in runs]
