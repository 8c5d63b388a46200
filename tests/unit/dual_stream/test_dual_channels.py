"""`channels: split` in dual_stream: each channel is transcribed, also by an attempt that continues between two."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from typing_extensions import override

from common.media.chunking import Chunk
from common.transcript.format import Segment
from services.dual_stream.channels import split_channels
from tests.support.service_bench import ServiceBench
from tests.support.sounds import RATE_HZ, silence, speech, write_channels
from tests.unit.dual_stream.assembled import Assembled

TURNS = [(number % 2, speech(f"speech/en-{number:02}.flac")) for number in range(8)]
"""Channel and words, one turn after the other."""
PAUSE_S = 1.0
CHUNK = 20 * RATE_HZ


def channel(number: int) -> np.ndarray:
    pieces = [piece if own == number else np.zeros_like(piece) for own, piece in TURNS]
    return np.concatenate([part for piece in pieces for part in (piece, silence(PAUSE_S))])


def by_turn(segments: list[Segment]) -> list[list[Segment]]:
    starts = np.cumsum([0.0, *(len(piece) / RATE_HZ + PAUSE_S for _, piece in TURNS)])
    return [[s for s in segments if a <= s.start + 0.3 < b] for a, b in pairwise(starts)]


@pytest.mark.engine
def test_each_channel_is_transcribed_and_its_speaker_named(bench: ServiceBench) -> None:
    bench.set(dual_stream={"chunk_length": 15})
    write_channels(bench.share / "call.wav", [channel(0), channel(1)])
    context = bench.run(audio_path="call.wav", channels="split")
    assert context.error is None
    segments = bench.transcript_of(context.stage.output).segments
    assert [{segment.speaker for segment in turn} for turn in by_turn(segments)] == [
        {f"channel_{own}"} for own, _ in TURNS
    ]
    assert [segment.start for segment in segments] == sorted(segment.start for segment in segments)
    assert len({segment.id for segment in segments}) == len(segments)
    assert all(word.speaker == segment.speaker for segment in segments for word in segment.words)
    assert context.stage.output["duration"] == pytest.approx(len(channel(0)) / RATE_HZ, abs=0.01)
    told = [(kind, json.loads(data)) for kind, data in bench.events(context.task_id)]
    for kind in ("draft", "fragment"):
        speakers = {s["id"]: s.get("speaker") for name, data in told if name == kind for s in data["segments"]}
        assert {speakers[segment.id] for segment in segments} == {"channel_0", "channel_1"}
        assert all(speakers[segment.id] == segment.speaker for segment in segments)
    percents = [data["percent"] for kind, data in told if kind == "progress"]
    assert percents == sorted(percents)


@pytest.mark.engine
def test_the_text_of_a_channel_is_that_of_the_channel_alone(bench: ServiceBench) -> None:
    write_channels(bench.share / "call.wav", [channel(0)[: 25 * RATE_HZ], channel(1)[: 25 * RATE_HZ]])
    split = bench.transcript(audio_path="call.wav", channels="split").segments
    for number in range(2):
        write_channels(bench.share / "alone.wav", [channel(number)[: 25 * RATE_HZ]])
        alone = bench.transcript(audio_path="alone.wav").segments
        own = [segment for segment in split if segment.speaker == f"channel_{number}"]
        assert [(s.text, s.start, s.end) for s in own] == [(s.text, s.start, s.end) for s in alone]


def stereo_chunks(count: int) -> Iterator[Chunk]:
    """Yield chunks of 20 s whose samples are a number of the chunk and the channel."""
    for number in range(count):
        samples = np.full((CHUNK, 2), (2 * number, 2 * number + 1), dtype=np.float32)
        yield Chunk(number, number * CHUNK, samples)


class Call(Assembled):
    """One attempt at a call with two channels."""

    @override
    def chunks(self, done: int) -> Iterator[Chunk]:
        whole = (chunk for chunk in stereo_chunks(self.count) if chunk.start >= self.ledger.last.until)
        return split_channels(whole, 2, done)


def test_an_attempt_continues_after_any_line_of_the_checkpoint(tmp_path: Path) -> None:
    whole = Call(tmp_path / "checkpoint.jsonl", 3).run()
    expected = whole.transcript
    assert {segment["speaker"] for segment in expected} == {"channel_0", "channel_1"}
    assert [segment["start"] for segment in expected] == sorted(segment["start"] for segment in expected)
    for count in range(len(whole.lines)):
        path = tmp_path / f"killed-{count}.jsonl"
        path.write_bytes(b"".join(whole.lines[:count]))
        assert Call(path, 3).run().transcript == expected


def test_only_the_last_channel_of_a_chunk_moves_what_is_done() -> None:
    parts = list(split_channels(stereo_chunks(2), 2, 1))
    assert [(part.index, part.channel) for part in parts] == [(1, 1), (2, 0), (3, 1)]
    assert [part.until for part in parts] == [CHUNK, CHUNK, 2 * CHUNK]
