"""Mix of two channels to one that notices when they cancel each other out.

A channel that is the other one inverted (a wrongly wired cable, an effect) leaves silence in the mix, and so no text.
While the mix is that quiet, both channels are replaced by the louder one. The energies are computed from the decoded
frames, so nothing is decoded or resampled twice; other audio passes through unchanged.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from av import AudioFrame

    Planes = np.ndarray
    """Shape (channels, samples), in the format of the frame."""

STEREO = 2
MEMORY_S = 0.1
"""Time after which a frame has lost two thirds of its weight in the energies: a change is noticed within half a second.
"""
WORTH_A_WARNING_S = 1.0
CANCELLED = 0.02
"""The mix has less than this share of the louder channel's energy: 17 dB less. Unrelated channels have half."""
MARGIN = 4.0
"""The other channel must have this much more energy to replace the one that is read: both may be equally loud."""
SAMPLED = 4
"""Every fourth sample is enough for an energy."""
FORMATS = frozenset({"dbl", "dblp", "flt", "fltp", "s16", "s16p", "s32", "s32p", "u8", "u8p"})
QUIETEST = 1e-6
"""Mean square of full scale below which nothing is compared: -60 dB."""
FULL_SCALE = {"s16": 2.0**15, "s32": 2.0**31, "u8": 2.0**7}


class Downmix:
    """Prepares the frames of one track for a resampler that mixes them to mono."""

    def __init__(self) -> None:
        self.energies = (0.0, 0.0, 0.0)
        """Of the first channel, of the second, and of their product: each a decaying mean."""
        self.better = 0
        self.cancelled_s = 0.0

    @property
    def warnings(self) -> list[str]:
        if self.cancelled_s < WORTH_A_WARNING_S:
            return []
        seconds, instead = f"{self.cancelled_s:.1f} s", f"channel {self.better}"
        return [f"The two channels cancel each other out for {seconds}; {instead} was read there instead of their mix."]

    def prepare(self, frame: AudioFrame) -> AudioFrame:
        """Return the frame, with the louder channel twice if the mix would be nearly silent."""
        if frame.layout.nb_channels != STEREO or frame.format.name not in FORMATS or not frame.samples:
            return frame
        planes = planes_of(frame)
        self.measure(planes, frame)
        if not self.cancels:
            return frame
        self.cancelled_s += frame.samples / frame.sample_rate
        return replace_channels(frame, planes[self.better])

    def measure(self, planes: Planes, frame: AudioFrame) -> None:
        name = frame.format.name.removesuffix("p")
        sampled = planes[:, ::SAMPLED].astype(np.float32)
        if name == "u8":
            sampled -= FULL_SCALE[name]
        left, right = sampled
        weight = 1 / (left.size * FULL_SCALE.get(name, 1.0) ** 2)
        found = (float(left @ left) * weight, float(right @ right) * weight, float(left @ right) * weight)
        kept = math.exp(-frame.samples / frame.sample_rate / MEMORY_S) if any(self.energies) else 0.0
        left_energy, right_energy, product = (
            kept * known + (1 - kept) * new for known, new in zip(self.energies, found, strict=True)
        )
        self.energies = (left_energy, right_energy, product)
        if self.energies[1 - self.better] > MARGIN * self.energies[self.better]:
            self.better = 1 - self.better

    @property
    def cancels(self) -> bool:
        left, right, product = self.energies
        loudest = max(left, right)
        return loudest > QUIETEST and (left + right + 2 * product) / 4 < CANCELLED * loudest


def planes_of(frame: AudioFrame) -> Planes:
    samples = frame.to_ndarray()
    return samples if frame.format.is_planar else samples.reshape(-1, STEREO).T


def replace_channels(frame: AudioFrame, channel: np.ndarray) -> AudioFrame:
    """Return a frame of the same format whose channels are both this one."""
    from av import AudioFrame

    both = np.stack([channel, channel])
    samples = both if frame.format.is_planar else both.T.reshape(1, -1)
    made = AudioFrame.from_ndarray(np.ascontiguousarray(samples), frame.format.name, frame.layout.name)
    made.sample_rate = frame.sample_rate
    return made
