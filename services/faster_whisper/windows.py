"""The windows that faster-whisper decodes, observed from outside: which one, and each step inside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from typing_extensions import override

Window = tuple[float, float]
"""Start and end, in seconds of the audio that is decoded."""
NO_WINDOW: Window = (0.0, 0.0)

OnWindow = Callable[[float, float], None]
"""Called with the start and the end of the window before each step of its decoding, even if it yields no text: before
it is encoded, before each attempt at its text, and before its words are aligned. An exception ends the decoding.
"""


class WindowedFeatures(np.ndarray):
    """Features of some audio that tell which frames are taken from them: the library keeps its position to itself."""

    on_taken: Callable[[int, int], None]

    @override
    def __getitem__(self, key: Any) -> Any:
        plain = np.asarray(self)[key]
        if isinstance(key, tuple) and isinstance(key[-1], slice) and plain.ndim == self.ndim:
            start = key[-1].start or 0
            self.on_taken(start, start + plain.shape[-1])
        return plain


def watch_features(features: np.ndarray, on_taken: Callable[[int, int], None]) -> WindowedFeatures:
    """Return the same features, not copied."""
    watched = features.view(WindowedFeatures)
    watched.on_taken = on_taken
    return watched


class WatchedCore:
    """A CTranslate2 model that calls back before each step of decoding; all else is the model's own."""

    def __init__(self, core: Any, on_step: Callable[[], None]) -> None:
        self.core = core
        self.on_step = on_step

    def __getattr__(self, name: str) -> Any:
        return getattr(self.core, name)

    def encode(self, *given: Any, **options: Any) -> Any:
        self.on_step()
        return self.core.encode(*given, **options)

    def generate(self, *given: Any, **options: Any) -> Any:
        self.on_step()
        return self.core.generate(*given, **options)

    def align(self, *given: Any, **options: Any) -> Any:
        self.on_step()
        return self.core.align(*given, **options)
