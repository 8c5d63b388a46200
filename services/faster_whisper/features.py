"""Whisper's features, ten seconds at a time: five minutes at once take the library 250 MiB, and twice the time."""

from __future__ import annotations

from functools import cache
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from common.audio import Samples

FRAMES = 1_000
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
            parts = padded(waveform.astype(np.float32, copy=False), padding, self.n_fft)
            frames = (sum(map(len, parts)) - self.n_fft) // self.hop_length
            energies = np.empty((len(self.mel_filters), frames), dtype=np.float32)
            for begin, end in pairwise(edges(frames)):
                last = (end - 1) * self.hop_length + self.n_fft
                energies[:, begin:end] = self.energies(stretch(parts, begin * self.hop_length, last))
            return scaled(energies)

        def energies(self, piece: Samples) -> np.ndarray:
            window = np.hanning(self.n_fft + 1)[:-1].astype("float32")
            options = {"window": window, "center": False, "return_complex": True}
            spectrum = self.stft(piece, self.n_fft, self.hop_length, **options).astype("complex64")
            return self.mel_filters @ (np.abs(spectrum) ** 2)  # type: ignore[no-any-return]  # the library has no types

    return PiecewiseExtractor


def padded(waveform: Samples, padding: int, n_fft: int) -> list[Samples]:
    """Return the waveform with silence after it and its reflection at both ends, in parts: only the ends are copied."""
    import numpy as np

    reflected, margin = n_fft // 2, 2 * n_fft
    if len(waveform) < 2 * margin:
        return [np.pad(np.pad(waveform, (0, padding)), reflected, "reflect")]
    head = np.pad(waveform[:margin], (reflected, 0), "reflect")
    tail = np.pad(np.pad(waveform[-margin:], (0, padding)), (0, reflected), "reflect")
    return [head, waveform[margin:-margin], tail]


def stretch(parts: list[Samples], begin: int, end: int) -> Samples:
    """Return a piece of what the parts are together."""
    import numpy as np

    firsts = accumulate(map(len, parts), initial=0)
    return np.concatenate(
        [part[max(begin - first, 0) : max(end - first, 0)] for part, first in zip(parts, firsts, strict=False)]
    )


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
