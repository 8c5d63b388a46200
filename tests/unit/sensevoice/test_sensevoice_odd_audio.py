"""Whatever is sent gets a clear result or a clear error."""

from collections.abc import Callable

import numpy as np

from tests.support.service_bench import ServiceBench
from tests.support.sounds import FIXTURES, ffmpeg, promise, silence, speech, write_wav

Place = Callable[[str], str]
CLIP = "speech/en-08.flac"
NOBODY = ["No speech was found."]


def test_silence_gives_an_empty_transcript_and_says_so_without_loading_a_model(bench: ServiceBench) -> None:
    write_wav(bench.share / "quiet.wav", [silence(5)])
    context = bench.run(audio_path="quiet.wav", language="zh")
    output = context.stage.output or {}
    assert (output["segments"], output["words"], output["language"], output["duration"]) == (0, 0, None, 5.0)
    assert (output["emotions"], output["events"], output["warnings"]) == ({}, {}, NOBODY)
    assert context.stage.timings.model_load is None


def test_speech_long_after_silence_is_heard_at_its_time(bench: ServiceBench) -> None:
    bench.set(sensevoice={"chunk_length": 5})
    write_wav(bench.share / "late.wav", [silence(23), speech(CLIP)])
    (segment,) = bench.transcript(audio_path="late.wav").segments
    assert 23 < segment.start < 23.6


def test_music_without_words_is_no_speech(bench: ServiceBench) -> None:
    ffmpeg(bench.share / "music.wav", "-f", "lavfi", "-i", "sine=frequency=440:duration=8,tremolo=f=3")
    assert bench.output(audio_path="music.wav")["warnings"] == NOBODY


def test_speech_without_any_pause_is_cut_and_goes_on(bench: ServiceBench) -> None:
    bench.set(sensevoice={"chunk_length": 3})
    middle = speech(CLIP)[8_000:40_000]
    write_wav(bench.share / "breathless.wav", [np.tile(middle, 6)])
    transcript = bench.transcript(audio_path="breathless.wav", max_segment=2)
    starts = [segment.start for segment in transcript.segments]
    assert len(starts) >= 5
    assert starts == sorted(starts)


def test_a_moment_of_sound_is_no_error(bench: ServiceBench) -> None:
    write_wav(bench.share / "click.wav", [speech(CLIP)[16_000:16_200]])
    assert bench.run(audio_path="click.wav").error is None


def test_an_empty_file_is_no_media(bench: ServiceBench) -> None:
    (bench.share / "empty.wav").touch()
    assert bench.error(audio_path="empty.wav") == "not_media"


def test_text_with_the_name_of_a_video_is_no_media(bench: ServiceBench) -> None:
    (bench.share / "film.mp4").write_text("this is not a film\n" * 100)
    assert bench.error(audio_path="film.mp4") == "not_media"


def test_a_video_without_sound_is_told_as_that(bench: ServiceBench) -> None:
    ffmpeg(bench.share / "mute.mp4", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=10:duration=1")
    assert bench.error(audio_path="mute.mp4") == "no_audio_track"


def test_a_track_that_is_not_there_is_told_as_that(bench: ServiceBench, place: Place) -> None:
    assert bench.error(audio_path=place(CLIP), track=1) == "no_audio_track"


def test_a_truncated_file_gives_what_is_in_it_with_a_warning(bench: ServiceBench) -> None:
    content = (FIXTURES / "speech/en-long.flac").read_bytes()
    (bench.share / "cut.flac").write_bytes(content[: len(content) // 10])
    output = bench.output(audio_path="cut.flac")
    assert output["segments"] >= 1
    assert any("promises audio up to 106.0 s" in warning for warning in output["warnings"])


def test_eight_hours_in_the_header_and_two_seconds_of_sound_end_after_two_seconds(bench: ServiceBench) -> None:
    (bench.share / "liar.flac").write_bytes(promise((FIXTURES / "speech/en-00.flac").read_bytes(), hours=8))
    output = bench.output(audio_path="liar.flac")
    assert (output["segments"], output["duration"] < 3) == (1, True)


def test_a_clip_that_begins_after_the_end_is_told_as_that(bench: ServiceBench, place: Place) -> None:
    assert bench.error(audio_path=place(CLIP), start=100.0) == "clip_outside_media"


def test_audio_over_the_limit_is_refused(bench: ServiceBench, place: Place) -> None:
    bench.set(sensevoice={"max_duration": 10})
    assert bench.error(audio_path=place("sample.mp4")) == "media_too_long"
    assert bench.output(audio_path="sample.mp4", end=9.0)["duration"] == 9.0


def test_a_file_that_is_not_there_is_told_as_that(bench: ServiceBench) -> None:
    assert bench.error(audio_path="nowhere.wav") == "file_not_found"
