"""`channels`: a call with one speaker in each channel, and channels that cancel each other out."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.service_bench import ServiceBench
from tests.support.sounds import RATE_HZ, ffmpeg, silence, speech, write_channels, write_wav

TURNS = [(number % 2, speech(f"speech/en-{number:02}.flac")) for number in range(6)]
"""Channel and words, one turn after the other."""
PAUSE_S = 1.0


def channel(number: int) -> np.ndarray:
    pieces = [piece if own == number else np.zeros_like(piece) for own, piece in TURNS]
    return np.concatenate([part for piece in pieces for part in (piece, silence(PAUSE_S))])


def write_call(path: Path) -> None:
    write_channels(path, [channel(0), channel(1)])


@pytest.mark.parametrize("chunk", [300, 8])
def test_each_channel_is_transcribed_and_its_speaker_named(bench: ServiceBench, plain_whisper: Any, chunk: int) -> None:
    bench.set(faster_whisper={"chunk_length": chunk})
    write_call(bench.share / "call.wav")
    context = bench.run(audio_path="call.wav", channels="split", word_timestamps=True, language="en")
    assert context.stage.output, context.error
    segments = bench.transcript_of(context.stage.output).segments
    starts = np.cumsum([0.0, *(len(piece) / RATE_HZ + PAUSE_S for _, piece in TURNS)])
    turns = [[s for s in segments if a <= s.start + 0.3 < b] for a, b in pairwise(starts)]
    assert [{segment.speaker for segment in turn} for turn in turns] == [{f"channel_{own}"} for own, _ in TURNS]
    assert [segment.start for segment in segments] == sorted(segment.start for segment in segments)
    assert sorted(segment.id for segment in segments) == list(range(len(segments)))
    assert all(word.speaker == segment.speaker for segment in segments for word in segment.words)
    if chunk == 300:  # a single chunk: the text of each channel is that of the channel alone
        for number in range(2):
            found, _ = plain_whisper.transcribe(
                channel(number), vad_filter=True, temperature=0, language="en", word_timestamps=True
            )
            own = [segment.text for segment in segments if segment.speaker == f"channel_{number}"]
            assert own == [segment.text.strip() for segment in found]
    told = [json.loads(data)["segments"] for kind, data in bench.events(context.task_id) if kind == "fragment"]
    speakers = {segment["id"]: segment["speaker"] for part in told for segment in part}
    assert speakers == {segment.id: segment.speaker for segment in segments}


def test_progress_only_grows_while_the_channels_are_decoded(bench: ServiceBench) -> None:
    write_call(bench.share / "call.wav")
    context = bench.run(audio_path="call.wav", channels="split")
    told = [json.loads(data) for kind, data in bench.events(context.task_id) if kind == "progress"]
    percents = [data["percent"] for data in told if data.get("phase") == "transcribe"]
    assert percents == sorted(percents)
    assert percents[-1] == 100


def test_the_mix_names_no_speaker(bench: ServiceBench) -> None:
    write_call(bench.share / "call.wav")
    assert {segment.speaker for segment in bench.transcript(audio_path="call.wav").segments} == {None}


def test_inverted_channels_give_the_text_of_one_and_a_warning(bench: ServiceBench) -> None:
    write_wav(bench.share / "mono.wav", [channel(0)])
    ffmpeg(bench.share / "inverted.flac", "-i", str(bench.share / "mono.wav"), "-af", "pan=stereo|c0=c0|c1=-1*c0")
    output = bench.output(audio_path="inverted.flac")
    assert bench.transcript_of(output).text == bench.transcript(audio_path="mono.wav").text != ""
    assert "cancel" in output["warnings"][0]
