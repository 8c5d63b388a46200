"""The faster-whisper library, and the subclasses of its pipelines that call back and tell the language of a segment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

OnWindow = Callable[[], None]
"""Called before each window of 30 s is decoded, even if it yields no text. An exception ends the decoding."""


@cache
def library() -> Any:
    """Load faster-whisper once per process."""
    import faster_whisper.transcribe

    return faster_whisper


@cache
def model_class() -> type[Any]:
    """Return a WhisperModel that calls back before each window, because its generator is silent for as long as it finds
    no text, and whose segments have the language of their window.
    """

    class Observed(library().WhisperModel):  # type: ignore[misc]  # the library has no types
        on_window: OnWindow = staticmethod(lambda: None)

        def encode(self, features: np.ndarray) -> Any:
            self.on_window()
            return super().encode(features)

        def generate_segments(self, features: np.ndarray, tokenizer: Any, *rest: Any, **options: Any) -> Iterator[Any]:
            for segment in super().generate_segments(features, tokenizer, *rest, **options):
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

        def forward(self, *batch: Any) -> Any:
            results = super().forward(*batch)
            self.languages = [language for language, found in zip(self.windows, results, strict=True) for _ in found]
            return results

        def _batched_segments_generator(self, *batches: Any) -> Iterator[Any]:
            for segment in super()._batched_segments_generator(*batches):
                segment.language = self.languages.pop(0)
                yield segment

    return Batched
