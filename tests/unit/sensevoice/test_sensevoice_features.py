"""What the model hears: as FunASR defines it."""

import numpy as np
import pytest

from services.sensevoice.features import MEL_BINS, WIDTH, Frontend, filter_banks, low_rate
from tests.support.sounds import RATE_HZ


def as_defined(banks: np.ndarray) -> np.ndarray:
    """Return the low frame rate as it is described: 3 times the first frame before, the last one after, as needed."""
    padded = [banks[0]] * 3 + list(banks)
    rows = []
    for begin in range(0, len(banks), 6):
        row = padded[begin : begin + 7]
        rows.append(np.concatenate(row + [padded[-1]] * (7 - len(row))))
    return np.stack(rows)


@pytest.mark.parametrize("frames", [1, 2, 5, 6, 7, 12, 13, 99])
def test_seven_frames_are_heard_together_every_sixth_time(frames: int) -> None:
    banks = np.random.default_rng(frames).random((frames, MEL_BINS), dtype=np.float32)
    assert np.array_equal(low_rate(banks), as_defined(banks))


def test_a_tone_is_loud_in_the_band_of_its_pitch() -> None:
    times = np.arange(RATE_HZ) / RATE_HZ
    loudest = [
        int(filter_banks((0.5 * np.sin(2 * np.pi * pitch * times)).astype(np.float32)).mean(axis=0).argmax())
        for pitch in (300, 1000, 3000)
    ]
    mels = 1127 * np.log1p(np.array([300, 1000, 3000]) / 700)
    low, high = 1127 * np.log1p(np.array([20, RATE_HZ / 2]) / 700)
    assert loudest == pytest.approx((mels - low) / (high - low) * (MEL_BINS + 1) - 1, abs=1)


def test_audio_has_a_frame_every_10_ms_that_holds_25_ms() -> None:
    assert [len(filter_banks(np.ones(count, dtype=np.float32))) for count in (399, 400, 559, 560)] == [0, 1, 1, 2]


def test_too_little_audio_has_no_frames() -> None:
    frontend = Frontend(np.zeros(WIDTH, dtype=np.float32), np.ones(WIDTH, dtype=np.float32))
    assert not len(frontend.frames(np.zeros(100, dtype=np.float32)))
