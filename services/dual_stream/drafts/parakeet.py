"""NVIDIA Parakeet TDT v3 by onnx-asr: a fast engine for 25 European languages, on the CPU."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.gpu.devices import Device
from common.gpu.residency import Model
from common.media.audio import SAMPLE_RATE_HZ
from common.media.chunking import SampleSpan
from common.models.errors import ModelDamaged
from common.settings import MIB
from common.transcript.format import Segment, Word
from common.worker.job import Job
from services.dual_stream.drafts.catalog import DraftEngineName
from services.dual_stream.drafts.cpu_model import CpuModel
from services.dual_stream.drafts.words import join_words
from services.dual_stream.models import ENGINE
from services.sensevoice.engine import library_errors as onnx_errors

if TYPE_CHECKING:
    from common.media.audio import Samples

KIND = "nemo-conformer-tdt"
"""The architecture, as onnx-asr names it. With an existing folder, onnx-asr downloads nothing."""
WORKSPACE_MIB = 500
LONGEST_TOKEN_S = 0.32
"""A token has only a start: it ends here, or where the next one starts."""


@cache
def library() -> Any:
    """Load onnx-asr once per process."""
    import onnx_asr
    import onnx_asr.utils

    return onnx_asr


@contextmanager
def library_errors() -> Iterator[None]:
    """Translate errors of onnx-asr and of ONNX Runtime."""
    try:
        with onnx_errors():
            yield
    except (library().utils.ModelLoadingError, FileNotFoundError, KeyError) as error:
        raise ModelDamaged(reason=str(error)) from error


def parakeet(name: str, folder: Path, *, threads: int) -> Model[Any]:
    """Return the model of a folder, to be loaded on the CPU, whatever GPUs there are."""
    size = sum(file.stat().st_size for file in folder.glob("*.onnx*"))

    def load_on(_place: Device) -> Any:
        return load(folder, threads=threads)

    return Model(ENGINE, name, load_on, lambda _: None, round(size / MIB) + WORKSPACE_MIB, variant=f"cpu/{threads}")


def load(folder: Path, *, threads: int) -> Any:
    """Load an export of onnx-asr; the quantized one if the folder has both.

    Raises:
        ModelDamaged: the folder does not contain a model.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # its messages are in its exceptions too
    quantization = "int8" if list(folder.glob("encoder-model?int8.onnx")) else None
    with library_errors():
        model = library().load_model(
            KIND, folder, quantization=quantization, sess_options=options, providers=["CPUExecutionProvider"]
        )
        return model.with_timestamps()


class ParakeetDrafts:
    """Parakeet. `step` is called before each utterance."""

    name: DraftEngineName = "parakeet"

    def __init__(self, job: Job, model_name: str, model: Model[Any], step: Callable[[], None]) -> None:
        self.model_name = model_name
        self.model = CpuModel(job, model)
        self.step = step

    def transcribe(self, samples: Samples, speech: list[SampleSpan], language: str | None) -> list[Segment | None]:
        return [self.draft(samples, begin, end, language) for begin, end in speech]

    def draft(self, samples: Samples, begin: int, end: int, language: str | None) -> Segment | None:
        """Return the draft of an utterance. Parakeet does not tell which language it is."""
        self.step()
        with library_errors():
            found = self.model.value.recognize(samples[begin:end], sample_rate=SAMPLE_RATE_HZ)
        offset, latest = begin / SAMPLE_RATE_HZ, end / SAMPLE_RATE_HZ
        return join_words(
            words_of(found.tokens or [], found.timestamps or [], found.logprobs or [], offset, latest), language
        )


def words_of(tokens: list[str], starts: list[float], logprobs: list[float], offset: float, latest: float) -> list[Word]:
    """Return the words of some tokens, of which those with a space begin one; `starts` are seconds after `offset`."""
    begins = [offset + start for start in starts]
    ends = [min(start + LONGEST_TOKEN_S, after) for start, after in zip(begins, [*begins, latest][1:], strict=True)]
    groups: list[list[int]] = []
    for index, token in enumerate(tokens):
        if token.startswith(" ") or not groups:
            groups.append([])
        groups[-1].append(index)
    return [
        Word(
            text="".join(tokens[index] for index in group),
            start=round(begins[group[0]], 3),
            end=round(max(ends[group[-1]], begins[group[0]]), 3),
            probability=round(min(math.exp(sum(logprobs[index] for index in group) / len(group)), 1.0), 4),
        )
        for group in groups
    ]
