"""Progress of dual_stream: it moves while the slow stage decodes a chunk, and the phases before are named."""

import numpy as np
import pytest

from services.dual_stream.drafts import selection
from services.faster_whisper import engine as whisper
from tests.support.progress_events import longest_gap, progress_of, slow_down, slow_down_decoder
from tests.support.service_bench import ServiceBench
from tests.support.sounds import silence, speech, write_wav


def test_progress_moves_inside_the_chunks_and_never_back(bench: ServiceBench, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = slow_down_decoder(monkeypatch)
    slow_down(
        monkeypatch, selection, "find_speech"
    )  # of phases that are shorter than a heartbeat, only the last is sent
    slow_down(monkeypatch, whisper, "load")
    clips = [part for number in range(12) for part in (speech(f"speech/en-{number:02}.flac"), silence(1.0))]
    write_wav(bench.share / "long.wav", clips)
    context = bench.run(audio_path="long.wav")
    assert context.error is None
    told = progress_of(bench, context.task_id)
    phases = [data["phase"] for _, data in told]
    assert "prepare" in phases[: phases.index("transcribe")]
    assert "load model" in phases[: phases.index("transcribe")]
    decoded = [(at, data) for at, data in told if data["phase"] == "transcribe"]
    percents = [data["percent"] for _, data in told]
    processed = [data["processed"] for _, data in decoded]
    assert percents == sorted(percents)
    assert processed == sorted(processed)
    assert context.stage.progress.percent == 100
    assert len(np.unique(processed)) > len(slow), "also inside a window"
    assert longest_gap([at for at, _ in decoded]) < 1.5 * longest_gap(slow)
