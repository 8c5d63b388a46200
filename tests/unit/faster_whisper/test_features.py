"""The features are the library's own, bit by bit: otherwise the text might differ."""

import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor

from services.faster_whisper.features import FRAMES, edges, piecewise
from tests.support.sounds import RATE_HZ, speech


@pytest.mark.parametrize("mels", [80, 128])
@pytest.mark.parametrize("seconds", [0.01, 1, 29.99, 30, 30.01, 59.99, 60, 60.01, 89.995, 106])
def test_piece_by_piece_the_features_are_those_of_the_library(seconds: float, mels: int) -> None:
    samples = speech("speech/en-long.flac")[: round(seconds * RATE_HZ)]
    ours, theirs = piecewise()(feature_size=mels), FeatureExtractor(feature_size=mels)
    assert np.array_equal(ours(samples, chunk_length=30), theirs(samples, chunk_length=30))
    assert (ours.n_samples, ours.nb_max_frames) == (theirs.n_samples, theirs.nb_max_frames)


@pytest.mark.parametrize("frames", [1, FRAMES, FRAMES + 1, 2 * FRAMES - 1, 2 * FRAMES, 10 * FRAMES + 1])
def test_no_piece_is_short_unless_all_is(frames: int) -> None:
    found = edges(frames)
    pieces = np.diff(found)
    assert (found[0], found[-1]) == (0, frames)
    assert pieces.min() >= min(frames, FRAMES)
    assert pieces.max() < 2 * FRAMES
