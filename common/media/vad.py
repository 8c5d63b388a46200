"""Voice activity detection with the Silero model that ships with faster-whisper.

The wheel costs an image that needs no Whisper 160 MB, for CTranslate2. In return every engine sees the same speech, cut
at the same places, and no copy of the model or of Silero's code has to be maintained here.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from common.media.audio import Samples
    from common.media.chunking import SampleSpan

SHORTEST_PAUSE_MS = 100
"""Shortest pause in which audio is cut."""
WINDOW, CONTEXT = 512, 64
"""Samples per window, and samples of the window before that the model sees again."""
WINDOWS_AT_ONCE = 1_000


@cache
def library() -> Any:
    """Load the VAD once per process, with a model whose memory does not grow with the audio."""
    from faster_whisper import vad

    load = vad.get_vad_model
    vad.get_vad_model = cache(lambda: PiecewiseVad(load().session))
    return vad


class PiecewiseVad:
    """The library's Silero model, run on half a minute at a time: five minutes at once take 150 MiB."""

    def __init__(self, session: Any) -> None:
        self.session = session

    def __call__(self, audio: Samples) -> NDArray[np.float32]:
        """Return the speech probability of each window, identical to `faster_whisper.vad.SileroVADModel`."""
        audio[-CONTEXT:] = 0  # as the library does
        heard, edges = [], [*range(0, len(audio), WINDOW * WINDOWS_AT_ONCE), len(audio)]
        hidden = cell = np.zeros((1, 1, 128), dtype=np.float32)
        before = np.zeros(CONTEXT, dtype=np.float32)
        for begin, end in pairwise(edges):
            piece = np.concatenate([before, audio[begin:end]])
            windows = np.lib.stride_tricks.sliding_window_view(piece, CONTEXT + WINDOW)[::WINDOW]
            output, hidden, cell = self.session.run(None, {"input": windows, "h": hidden, "c": cell})
            heard.append(output)
            before = piece[-CONTEXT:]
        return np.concatenate(heard)


def find_speech(samples: Samples, **options: float) -> list[SampleSpan]:
    """Return the spans with speech; `options` are those of faster-whisper's `VadOptions`."""
    found = library().get_speech_timestamps(samples, library().VadOptions(**options))
    return [(span["start"], span["end"]) for span in found]


def find_speech_to_cut(samples: Samples) -> list[SampleSpan]:
    """Return the spans with speech without padding, split at short pauses."""
    return find_speech(samples, min_silence_duration_ms=SHORTEST_PAUSE_MS, speech_pad_ms=0)
