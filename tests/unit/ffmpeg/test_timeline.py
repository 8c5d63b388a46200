"""Every task that takes audio out of a container keeps the container's timeline: a late start, and a gap."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.media.audio import open_audio
from common.media.fields import Artifact, MediaFile
from services import catalog
from services.ffmpeg import contracts as c
from services.ffmpeg import tasks
from services.pyannote.waveform import write_waveform
from tests.support.folder_job import FolderJob
from tests.support.late_audio import TONES, tones_in, tones_of, write_late_film
from tests.support.sounds import RATE_HZ, ffmpeg

Tones = list[tuple[float, float]]
SRT = "1\n00:00:01,000 --> 00:00:02,000\nHello\n"
CODECS = ("aac", "flac", "pcm_s16le")


@pytest.fixture(scope="session")
def late_films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("late")
    for codec in CODECS:
        write_late_film(folder / f"{codec}.mkv", codec)
    return {codec: (folder / f"{codec}.mkv").read_bytes() for codec in CODECS}


@pytest.fixture(params=CODECS)
def film(job: FolderJob, late_films: dict[str, bytes], request: pytest.FixtureRequest) -> MediaFile:
    return job.put("late.mkv", late_films[request.param])


def extract(job: FolderJob, film: MediaFile, **options: Any) -> Artifact:
    return tasks.extract_audio(c.ExtractAudioInput(video_path=film, **options), job).audio_path


def cut(job: FolderJob, film: MediaFile, **options: Any) -> Artifact:
    return tasks.cut_media(c.CutInput(media_path=film, **options), job).media_path


def transcode(job: FolderJob, film: MediaFile, **options: Any) -> Artifact:
    return tasks.transcode(c.TranscodeInput(media_path=film, **options), job).media_path


def normalize(job: FolderJob, film: MediaFile, **options: Any) -> Artifact:
    return tasks.normalize_audio(c.NormalizeAudioInput(media_path=film, **options), job).media_path


def burn(job: FolderJob, film: MediaFile) -> Artifact:
    subtitles = job.put("late.srt", SRT)
    return tasks.burn_subtitles(c.BurnSubtitlesInput(video_path=film, subtitle_path=subtitles), job).video_path


def mux(job: FolderJob, film: MediaFile) -> Artifact:
    tracks = [c.SubtitleTrack(subtitle_path=job.put("late.srt", SRT))]
    return tasks.mux_subtitles(c.MuxSubtitlesInput(video_path=film, tracks=tracks), job).video_path


Way = Callable[[FolderJob, MediaFile], Artifact]
FORMATS = ("wav", "flac", "mp3", "opus", "aac")
CONTAINERS = {"mp4": "copy", "mkv": "copy", "mov": "copy", "webm": None}
WHOLE: dict[str, Way] = {
    **{f"extract_audio {kind}": partial(extract, format=kind) for kind in FORMATS},
    "extract_audio at its own rate": partial(extract, sample_rate=None, channels=None),
    "cut copy": partial(cut, mode="copy"),
    "cut exact": partial(cut, mode="exact"),
    **{
        f"transcode {kind}": partial(transcode, container=kind, video_codec=video) for kind, video in CONTAINERS.items()
    },
    "transcode audio only": partial(transcode, video_codec="none"),
    "normalize_audio": normalize,
    "normalize_audio with video": partial(normalize, keep_video=True),
    "burn_subtitles": burn,
    "mux_subtitles": mux,
}


@pytest.mark.parametrize("way", WHOLE)
def test_audio_is_where_it_was(job: FolderJob, film: MediaFile, way: str) -> None:
    assert near(tones_in(job.path(WHOLE[way](job, film))), TONES)


def near(found: Tones, expected: Tones) -> bool:
    """Return whether all edges are right, up to a packet of MP3 and the fade of a decoder that starts."""
    assert found == [pytest.approx(tone, abs=0.1) for tone in expected]
    return True


@pytest.mark.parametrize("mode", ["wav", "exact"])
def test_a_part_begins_where_it_was_asked_to(job: FolderJob, film: MediaFile, mode: str) -> None:
    part = {"start": 0.7, "end": 5.2}
    made = extract(job, film, **part) if mode == "wav" else cut(job, film, mode=mode, **part)
    assert near(tones_in(job.path(made)), [(0.8, 1.8), (3.8, 4.5)])


@pytest.mark.parametrize(
    ("mode", "start", "end", "expected"),
    [
        ("wav", 0.0, 1.0, []),
        ("wav", 2.7, 4.3, []),
        ("wav", 0.0, 4.0, [(1.5, 2.5)]),
        ("exact", 0.0, 1.0, []),
        ("exact", 0.0, 2.0, [(1.5, 2.0)]),
    ],
)
def test_a_part_is_as_long_as_asked_with_silence_before_and_between_the_audio(
    job: FolderJob, film: MediaFile, *, mode: str, start: float, end: float, expected: Tones
) -> None:
    part = {"start": start, "end": end}
    made = job.path(extract(job, film, **part) if mode == "wav" else cut(job, film, mode=mode, **part))
    assert near(tones_in(made), expected)
    assert sum(map(len, blocks_of(made))) / RATE_HZ == pytest.approx(end - start, abs=0.03)


def test_segments_have_the_times_of_the_medium(job: FolderJob, film: MediaFile) -> None:
    wanted = c.SplitAudioSegmentsInput(audio_path=film, cut_at="every_silence", min_length=0.5)
    made = tasks.split_audio_segments(wanted, job).segments
    found = [
        tone
        for part in made
        for tone in tones_of(np.concatenate(list(blocks_of(job.path(part.audio_path)))), part.start)
    ]
    assert near(found, TONES)
    assert (made[0].start, len(made)) == (0.0, 3)


def blocks_of(path: Path) -> Iterator[np.ndarray]:
    with open_audio(path) as sound:
        yield from sound.blocks()


def test_engines_read_it_where_it_was(job: FolderJob, film: MediaFile) -> None:
    source, raw = job.share / film, job.share / "samples.f32"
    with open_audio(source) as sound, write_waveform(sound, raw, lambda: None) as count:
        samples = np.fromfile(raw, np.float32)
    assert count == len(samples)
    assert near(tones_of(samples), TONES)
    assert near(tones_in(source, start=0.7, end=5.2), [(1.5, 2.5), (4.5, 5.2)])


def test_probe_tells_when_a_track_begins(job: FolderJob, film: MediaFile) -> None:
    info = tasks.probe(c.ProbeInput(media_path=film), job)
    assert [track.start for track in info.streams] == [pytest.approx(0, abs=0.05), pytest.approx(1.5, abs=0.05)]


def test_copied_audio_without_pictures_says_how_much_is_missing_before_it(job: FolderJob, film: MediaFile) -> None:
    options: dict[str, Any] = {"video_codec": "none", "audio_codec": "copy", "container": "mkv"}
    output = tasks.transcode(c.TranscodeInput(media_path=film, **options), job)
    assert output.offset == pytest.approx(1.5, abs=0.05)
    found = [(start + output.offset, end + output.offset) for start, end in tones_in(job.path(output.media_path))]
    assert near(found, TONES)


CONTAINED: dict[str, tuple[str, ...]] = {
    "late.mkv": ("-c", "copy"),
    "later.mkv": ("-c", "copy", "-output_ts_offset", "10"),
    "late.ts": ("-c", "copy"),
    "later.ts": ("-c", "copy", "-output_ts_offset", "100"),
    "late.mka": ("-map", "a", "-c", "copy"),
    "sound.ts": ("-map", "a", "-c", "copy"),
    "sound.mka": ("-map", "a", "-c", "copy", "-output_ts_offset", "10"),
}
"""The late film with another beginning: with its audio late, with timestamps that begin elsewhere, or both."""


@pytest.mark.parametrize("start", [0.0, 0.3, 1.2, 2.0, 3.2])
@pytest.mark.parametrize("name", CONTAINED)
def test_a_copied_cut_says_where_it_begins(
    job: FolderJob, late_films: dict[str, bytes], name: str, start: float
) -> None:
    """In its own beginning, in its audio, and in the gap of the audio."""
    film = job.put("late film.mkv", late_films["aac"])
    ffmpeg(job.share / name, "-i", str(job.share / film), *CONTAINED[name])
    output = tasks.cut_media(c.CutInput(media_path=MediaFile(name), start=start, mode="copy"), job)
    *_, (begin, end) = tones_in(job.path(output.media_path))
    *_, whole = tones_in(job.share / name)
    assert end + output.offset == pytest.approx(whole[1], abs=0.06)
    assert begin + output.offset == pytest.approx(max(whole[0], output.offset), abs=0.06)


OTHERS = {
    "ffmpeg.probe", "ffmpeg.extract_keyframes", "ffmpeg.detect_shots", "paddleocr.extract_subtitles",
    "paddleocr.detect_subtitle_area", "paddleocr.recognize_images",
}  # fmt: skip
"""Tasks that read a medium, but no audio."""
IN_PROCESS = "open_audio("


def test_every_task_that_reads_audio_is_tested_here() -> None:
    read = {
        name
        for name, contract in catalog().items()
        if {"audio_path", "video_path", "media_path"} & set(contract.input.model_fields)
    }
    ways = {"ffmpeg." + way.partition(" ")[0] for way in WHOLE} | {"ffmpeg.split_audio_segments"}
    for name in read - ways - OTHERS:
        source = Path(tasks.__file__).parents[1] / name.partition(".")[0] / "tasks.py"
        assert IN_PROCESS in source.read_text(), f"{name} reads audio in a way that no test here covers"
