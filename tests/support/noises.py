"""Sounds without speech: pink noise, tones like music, applause. The same numbers give the same samples."""

from __future__ import annotations

import numpy as np

from tests.support.sounds import RATE_HZ

CHORDS_HZ = ((220.0, 277.2, 329.6), (196.0, 246.9, 293.7), (174.6, 220.0, 261.6), (196.0, 233.1, 293.7))
"""One chord a second."""
CLAPS_PER_S = 60


def pink_noise(seconds: float, *, level: float = 0.1, seed: int = 1) -> np.ndarray:
    """Return noise whose power falls with its frequency, as that of rooms and streets does; `level` is its RMS."""
    count = round(seconds * RATE_HZ)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    return scale(np.fft.irfft(spectrum, count), level)


def tones(seconds: float, *, level: float = 0.1) -> np.ndarray:
    """Return chords that fade and change each second."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    chord = np.array(CHORDS_HZ)[(at.astype(int)) % len(CHORDS_HZ)]
    sound = np.sin(2 * np.pi * chord * at[:, None]).sum(axis=1) * np.exp(-2 * (at % 1.0))
    return scale(sound, level)


def applause(seconds: float, *, level: float = 0.1, seed: int = 2) -> np.ndarray:
    """Return many short bursts of noise at random times."""
    random = np.random.default_rng(seed)
    sound = np.zeros(round(seconds * RATE_HZ))
    clap = np.exp(-np.arange(RATE_HZ // 50) / 60)
    for begin in random.integers(0, len(sound) - len(clap), round(seconds * CLAPS_PER_S)):
        sound[begin : begin + len(clap)] += clap * random.standard_normal(len(clap))
    return scale(sound, level)


def scale(sound: np.ndarray, level: float) -> np.ndarray:
    """Return the sound with this RMS, as float32."""
    return (sound * (level / rms(sound))).astype(np.float32)


def rms(sound: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64))))


def add_noise(speech: np.ndarray, noise: np.ndarray, *, snr_db: float) -> np.ndarray:
    """Return the sum, in which the speech is `snr_db` decibels louder than the noise."""
    mixed = speech + scale(noise, rms(speech) / 10 ** (snr_db / 20))
    return mixed / max(1.0, float(np.abs(mixed).max()))  # type: ignore[no-any-return]  # numpy's Any
