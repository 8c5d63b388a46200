"""`channels: split`: each channel of a call is transcribed on its own."""

import numpy as np

from tests.support.service_bench import ServiceBench
from tests.support.sounds import speech, write_channels


def test_both_speak_at_once_and_each_has_a_speaker(bench: ServiceBench) -> None:
    english, chinese = speech("speech/en-00.flac"), speech("speech/zh-00.flac")
    length = max(len(english), len(chinese))
    channels = [np.pad(samples, (0, length - len(samples))) for samples in (english, chinese)]
    write_channels(bench.share / "call.wav", channels)
    segments = bench.transcript(audio_path="call.wav", channels="split").segments
    for number, samples in enumerate(channels):
        write_channels(bench.share / "alone.wav", [samples])
        alone = bench.transcript(audio_path="alone.wav").segments
        own = [segment for segment in segments if segment.speaker == f"channel_{number}"]
        assert [(s.start, s.text, s.language) for s in own] == [(s.start, s.text, s.language) for s in alone] != []
    assert [segment.start for segment in segments] == sorted(segment.start for segment in segments)
