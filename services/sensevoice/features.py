"""SenseVoice's features: filter banks, stacked by seven frames, normalized.

Like FunASR's `WavFrontend`, with which the model was trained: 80 mel bins of 25 ms every 10 ms, on samples of 16-bit
scale; low frame rate of 7/6 (Pundak and Sainath 2016, "Lower Frame Rate Neural Network Acoustic Models"), the first and
the last frame repeated at the edges; mean and variance of the training data.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from common.media.audio import FULL_SCALE, SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from common.media.audio import Samples

MEL_BINS = 80
WINDOW, SHIFT = 7, 6
"""Number of 10 ms frames stacked together, and the step between two stacks."""
BEFORE = (WINDOW - 1) // 2
WIDTH = MEL_BINS * WINDOW
FRAME_S = 0.06


@cache
def library() -> Any:
    """Load kaldi-native-fbank once per process."""
    import kaldi_native_fbank

    return kaldi_native_fbank


@cache
def options() -> Any:
    chosen = library().FbankOptions()
    chosen.frame_opts.samp_freq = SAMPLE_RATE_HZ
    chosen.frame_opts.dither = 0.0
    chosen.frame_opts.window_type = "hamming"
    chosen.frame_opts.snip_edges = True
    chosen.mel_opts.num_bins = MEL_BINS
    return chosen


@dataclass(frozen=True, slots=True)
class Frontend:
    """`neg_mean` and `inv_stddev`: float32, shape (560,)."""

    neg_mean: NDArray[np.float32]
    inv_stddev: NDArray[np.float32]

    def frames(self, samples: Samples) -> NDArray[np.float32]:
        """Return float32, shape (frames of 60 ms, 560); empty if the audio is shorter than 25 ms."""
        banks = filter_banks(samples)
        return (low_rate(banks) + self.neg_mean) * self.inv_stddev if len(banks) else banks


def filter_banks(samples: Samples) -> NDArray[np.float32]:
    """Return float32, shape (frames of 10 ms, 80)."""
    bank = library().OnlineFbank(options())
    bank.accept_waveform(SAMPLE_RATE_HZ, (samples * FULL_SCALE).tolist())
    bank.input_finished()
    found = [bank.get_frame(index) for index in range(bank.num_frames_ready)]
    return np.stack(found) if found else np.empty((0, MEL_BINS), dtype=np.float32)


def low_rate(banks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Stack seven frames, at every sixth frame; shape (frames / 6, rounded up, 560)."""
    begins = np.arange(0, len(banks), SHIFT)[:, None] - BEFORE
    rows = (begins + np.arange(WINDOW)).clip(0, len(banks) - 1)
    joined: NDArray[np.float32] = banks[rows].reshape(len(begins), WIDTH)
    return joined
