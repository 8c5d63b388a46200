"""Whatever is sent gets a clear result or a clear error."""

from collections.abc import Callable

from tests.support.service_bench import ServiceBench
from tests.support.sounds import FIXTURES, ffmpeg, promise, silence, write_wav

Place = Callable[[str], str]
CLIP = "speech/en-08.flac"
TEXT = "The yellow mountain watches the blue kitchen every morning."
NOBODY = ["No speech was found."]


def test_silence_gives_an_empty_transcript_and_says_so_without_loading_a_model(bench: ServiceBench) -> None:
    write_wav(bench.share / "quiet.wav", [silence(5)])
    context = bench.run(audio_path="quiet.wav")
    output = context.stage.output or {}
    assert (output["segments"], output["language"], output["duration"]) == (0, None, 5.0)
    assert output["warnings"] == NOBODY
    assert context.stage.timings.model_load is None


def test_music_without_words_is_no_speech(bench: ServiceBench) -> None:
    ffmpeg(bench.share / "music.wav", "-f", "lavfi", "-i", "sine=frequency=440:duration=8,tremolo=f=3")
    assert bench.output(audio_path="music.wav")["warnings"] == NOBODY


def test_an_empty_file_is_no_media(bench: ServiceBench) -> None:
    (bench.share / "empty.wav").touch()
    assert bench.error(audio_path="empty.wav") == "not_media"


def test_text_with_the_name_of_a_video_is_no_media(bench: ServiceBench) -> None:
    (bench.share / "film.mp4").write_text("this is not a film\n" * 100)
    assert bench.error(audio_path="film.mp4") == "not_media"


def test_a_playlist_reads_no_other_file(bench: ServiceBench, place: Place) -> None:
    place(CLIP)
    (bench.share / "list.mp4").write_text("#EXTM3U\n#EXTINF:4,\nen-08.flac\n#EXT-X-ENDLIST\n")
    assert bench.error(audio_path="list.mp4") == "not_media"


def test_a_wrong_extension_does_not_matter(bench: ServiceBench) -> None:
    (bench.share / "speech.mp4").write_bytes((FIXTURES / CLIP).read_bytes())
    assert bench.transcript(audio_path="speech.mp4").text == TEXT


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


def test_a_truncated_video_gives_what_is_in_it_with_a_warning(bench: ServiceBench) -> None:
    content = (FIXTURES / "sample.mp4").read_bytes()
    (bench.share / "cut.mp4").write_bytes(content[: len(content) // 2])
    output = bench.output(audio_path="cut.mp4")
    assert output["segments"] == 4
    assert "promises audio up to 26.1 s, but it ends at 11.9 s" in output["warnings"][-1]


def test_a_video_whose_index_is_cut_off_is_no_media(bench: ServiceBench) -> None:
    cut = bench.share / "cut.mp4"
    ffmpeg(cut, "-i", str(FIXTURES / "sample.mp4"), "-c", "copy", "-movflags", "-faststart")
    cut.write_bytes(cut.read_bytes()[:-20_000])
    assert bench.error(audio_path="cut.mp4") == "not_media"


def test_eight_hours_in_the_header_and_two_seconds_of_sound_end_after_two_seconds(bench: ServiceBench) -> None:
    (bench.share / "liar.flac").write_bytes(promise((FIXTURES / "speech/en-00.flac").read_bytes(), hours=8))
    output = bench.output(audio_path="liar.flac")
    assert output["segments"] == 1
    assert output["duration"] < 3
    assert "promises audio up to 28800.0 s" in output["warnings"][0]


def test_a_clip_that_begins_after_the_end_is_told_as_that(bench: ServiceBench, place: Place) -> None:
    assert bench.error(audio_path=place(CLIP), start=100.0) == "clip_outside_media"


def test_audio_over_the_limit_is_refused(bench: ServiceBench, place: Place) -> None:
    bench.set(faster_whisper={"max_duration": 10})
    assert bench.error(audio_path=place("sample.mp4")) == "media_too_long"
    assert bench.output(audio_path="sample.mp4", end=9.0)["duration"] == 9.0


def test_a_file_that_is_not_there_is_told_as_that(bench: ServiceBench) -> None:
    assert bench.error(audio_path="nowhere.wav") == "file_not_found"
