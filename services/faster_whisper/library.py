"""The faster-whisper library, and the subclasses of its pipelines that call back and tell the language of a segment."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from services.faster_whisper.windows import NO_WINDOW, OnWindow, WatchedCore, Window, watch_features

if TYPE_CHECKING:
    import numpy as np


@cache
def library() -> Any:
    """Load faster-whisper once per process."""
    import faster_whisper.transcribe

    return faster_whisper


@cache
def model_class() -> type[Any]:
    """Return a WhisperModel that calls back before each step, because its generator is silent for as long as it finds
    no text, and whose segments have the language of their window.
    """

    class Observed(library().WhisperModel):  # type: ignore[misc]  # the library has no types
        on_window: OnWindow = staticmethod(lambda _start, _end: None)
        window: Window = NO_WINDOW

        def __init__(self, *given: Any, **options: Any) -> None:
            super().__init__(*given, **options)
            self.model: Any = WatchedCore(self.model, self.on_step)

        def on_step(self) -> None:
            self.on_window(*self.window)

        def on_taken(self, start: int, end: int) -> None:
            self.window = (start / self.frames_per_second, end / self.frames_per_second)

        def generate_segments(self, features: np.ndarray, tokenizer: Any, *rest: Any, **options: Any) -> Iterator[Any]:
            watched = watch_features(features, self.on_taken)
            for segment in super().generate_segments(watched, tokenizer, *rest, **options):
                segment.language = tokenizer.language_code  # `multilingual` changes it in each window
                yield segment

    return Observed


@cache
def batched_class() -> type[Any]:
    """Return a BatchedInferencePipeline whose segments have the language of their window."""

    class Batched(library().BatchedInferencePipeline):  # type: ignore[misc]  # the library has no types
        def generate_segment_batched(self, features: np.ndarray, tokenizer: Any, options: Any) -> Any:
            encoded, outputs = super().generate_segment_batched(features, tokenizer, options)
            if options.multilingual:
                found = self.model.model.detect_language(encoded)  # the same answer again, without decoding any text
                self.windows = [languages[0][0][len("<|") : -len("|>")] for languages in found]
            else:
                self.windows = [tokenizer.language_code] * len(outputs)
            return encoded, outputs

        def forward(self, features: np.ndarray, tokenizer: Any, clips: list[Any], *rest: Any) -> Any:
            self.model.window = (clips[0]["offset"], clips[-1]["offset"] + clips[-1]["duration"])
            results = super().forward(features, tokenizer, clips, *rest)
            self.languages = [language for language, found in zip(self.windows, results, strict=True) for _ in found]
            return results

        def _batched_segments_generator(self, *batches: Any) -> Iterator[Any]:
            for segment in super()._batched_segments_generator(*batches):
                segment.language = self.languages.pop(0)
                yield segment

    return Batched
