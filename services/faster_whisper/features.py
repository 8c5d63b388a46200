"""Whisper's features, half a minute at a time: five minutes at once take the library 250 MiB, and twice the time."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from common.audio import Samples

FRAMES = 3_000
"""Of 10 ms. Each piece has at least as many, since a product with a few columns is rounded in another way."""
FLOOR, RANGE = 1e-10, 8.0
"""The least energy, and how far, as a power of ten, the quietest may be below the loudest."""


@cache
def piecewise() -> type[Any]:
    """Return the library's extractor, working piece by piece. It gives the same numbers, bit by bit."""
    import numpy as np
    from faster_whisper.feature_extractor import FeatureExtractor  # type: ignore[import-untyped]  # the library has no types

    class PiecewiseExtractor(FeatureExtractor):  # type: ignore[misc]  # the library has no types
        def __call__(self, waveform: Samples, padding: int = 160, chunk_length: int | None = None) -> np.ndarray:
            """Return log-mel energies, float32, shape (mels, frames)."""
            if chunk_length is not None:
                self.n_samples = chunk_length * self.sampling_rate
                self.nb_max_frames = self.n_samples // self.hop_length
            padded = np.pad(np.pad(waveform.astype(np.float32, copy=False), (0, padding)), self.n_fft // 2, "reflect")
            frames = (len(padded) - self.n_fft) // self.hop_length
            energies = np.empty((len(self.mel_filters), frames), dtype=np.float32)
            for begin, end in pairwise(edges(frames)):
                last = (end - 1) * self.hop_length + self.n_fft
                energies[:, begin:end] = self.energies(padded[begin * self.hop_length : last])
            return scaled(energies)

        def energies(self, piece: Samples) -> np.ndarray:
            window = np.hanning(self.n_fft + 1)[:-1].astype("float32")
            options = {"window": window, "center": False, "return_complex": True}
            spectrum = self.stft(piece, self.n_fft, self.hop_length, **options).astype("complex64")
            return self.mel_filters @ (np.abs(spectrum) ** 2)  # type: ignore[no-any-return]  # the library has no types

    return PiecewiseExtractor


def edges(frames: int) -> list[int]:
    """Return where the pieces begin, and the end."""
    return [*range(0, max(frames - FRAMES, 0) + 1, FRAMES), frames]


def scaled(energies: np.ndarray) -> np.ndarray:
    """Take the logarithm, and bring it to about -1 to 1, in place."""
    import numpy as np

    np.log10(np.maximum(energies, FLOOR, out=energies), out=energies)
    np.maximum(energies, energies.max() - RANGE, out=energies)
    energies += 4.0
    energies /= 4.0
    return energies
