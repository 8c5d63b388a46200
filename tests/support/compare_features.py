"""Comparison of Baton's audio features with the library's, using this process's kernels."""

import sys

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor

from services.faster_whisper.features import FRAMES_AT_ONCE, extractor_class
from tests.support.sounds import RATE_HZ, speech

LONG = "speech/en-long.flac"
PIECE_S = FRAMES_AT_ONCE / 100
SECONDS = (0.01, 1, PIECE_S - 0.01, PIECE_S, PIECE_S + 0.01, 29.99, 30, 30.01, 59.99, 60, 60.01, 89.995, 106)


def find_differences(mels: int) -> list[float]:
    """Return the lengths of audio, in seconds, whose features differ in any bit."""
    ours, theirs, samples = extractor_class()(feature_size=mels), FeatureExtractor(feature_size=mels), speech(LONG)
    pieces = {seconds: samples[: round(seconds * RATE_HZ)] for seconds in SECONDS}
    return [seconds for seconds, piece in pieces.items() if not np.array_equal(ours(piece), theirs(piece))]


if __name__ == "__main__":
    sys.exit(", ".join(f"{seconds} s" for seconds in find_differences(80) + find_differences(128)) or None)
