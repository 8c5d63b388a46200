"""`multilingual` in two streams: each chunk has its own language."""

from tests.support.service_bench import ServiceBench
from tests.support.sounds import silence, speech, write_wav


def test_each_segment_has_the_language_of_its_chunk(bench: ServiceBench) -> None:
    pieces = [speech("speech/en-long.flac")[: 40 * 16_000], silence(1.5), speech("speech/zh-long.flac")[: 40 * 16_000]]
    write_wav(bench.share / "mixed.wav", pieces)
    output = bench.output(audio_path="mixed.wav", multilingual=True)
    segments = bench.transcript_of(output).segments
    assert {segment.language for segment in segments if segment.end < 20} == {"en"}
    assert {segment.language for segment in segments if segment.start > 62} == {"zh"}
    assert set(output["languages"]) == {"en", "zh"}
    assert output["language"] == max(output["languages"], key=lambda name: output["languages"][name])
