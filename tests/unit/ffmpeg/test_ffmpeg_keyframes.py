"""ffmpeg.extract_keyframes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.errors import NoVideoTrack
from common.media.fields import MediaFile
from services.ffmpeg.contracts import ExtractKeyframesInput, ExtractKeyframesOutput
from services.ffmpeg.errors import OutputTooLarge
from services.ffmpeg.operations.frames import Picture, evenly_spaced
from services.ffmpeg.tasks import extract_keyframes
from tests.support.folder_job import FolderJob
from tests.unit.ffmpeg.conftest import make

Medium = Callable[..., MediaFile]


def extract(job: FolderJob, media: MediaFile, **options: Any) -> ExtractKeyframesOutput:
    return extract_keyframes(ExtractKeyframesInput(video_path=media, **options), job)


def times(output: ExtractKeyframesOutput) -> list[float]:
    return [frame.time for frame in output.frames]


def size(path: Path) -> tuple[int, int]:
    header = path.read_bytes()
    return int.from_bytes(header[16:20]), int.from_bytes(header[20:24])


def test_each_scene_gives_its_first_picture(job: FolderJob, medium: Medium) -> None:
    output = extract(job, medium("scenes.mp4"))
    assert times(output) == [0.0, 2.0, 4.0]
    assert all(job.path(frame.image_path).read_bytes().startswith(b"\xff\xd8") for frame in output.frames)


def test_an_interval_keeps_its_beat(job: FolderJob, medium: Medium) -> None:
    assert times(extract(job, medium("scenes.mp4"), mode="interval", interval=1.5)) == [0.0, 1.5, 3.0, 4.5]


def test_keyframes_are_those_of_the_encoder(job: FolderJob, sample: MediaFile) -> None:
    expected = [0.0, 1.0, 4.64, 6.84, 10.84, 14.84, 18.96, 22.88]
    assert times(extract(job, sample, mode="keyframe")) == expected


def test_times_are_those_of_the_film_also_in_a_part_of_it(job: FolderJob, medium: Medium) -> None:
    assert times(extract(job, medium("scenes.mp4"), start=1.0, end=5.0)) == [1.0, 2.0, 4.0]


def test_pictures_are_made_smaller_and_never_larger(job: FolderJob, medium: Medium) -> None:
    media = medium("scenes.mp4")
    widths = {
        wanted: size(job.path(extract(job, media, format="png", max_width=wanted).frames[0].image_path))
        for wanted in (80, 1_000)
    }
    assert widths == {80: (80, 45), 1_000: (160, 90)}


def test_pixels_come_out_square(job: FolderJob, medium: Medium) -> None:
    medium("scenes.mp4")
    make(job.share / "wide.mkv", "-i", str(job.share / "scenes.mp4"), "-vf", "setsar=2", "-c:v", "libx264")
    assert size(job.path(extract(job, MediaFile("wide.mkv"), format="png").frames[0].image_path)) == (320, 90)


def test_of_too_many_an_even_choice_is_kept(job: FolderJob, medium: Medium) -> None:
    output = extract(job, medium("scenes.mp4"), mode="interval", interval=0.5, max_count=3)
    assert output.found == 12
    assert times(output) == [0.0, 3.0, 5.5]
    assert len(job.published) == 3


def test_a_choice_of_one_is_the_first() -> None:
    pictures = [Picture(Path(str(number)), number) for number in range(5)]
    assert evenly_spaced(pictures, 1) == pictures[:1]
    assert evenly_spaced(pictures, 5) == pictures


def test_sound_alone_has_no_pictures(job: FolderJob, medium: Medium) -> None:
    with pytest.raises(NoVideoTrack):
        extract(job, medium("tone.wav"))


def test_too_many_files_are_an_error(job: FolderJob, medium: Medium) -> None:
    job.configure("ffmpeg", max_output_files=5)
    with pytest.raises(OutputTooLarge, match="max_output_files"):
        extract(job, medium("scenes.mp4"), mode="interval", interval=0.1)


def test_progress_follows_the_film_also_when_no_picture_is_kept(job: FolderJob, sample: MediaFile) -> None:
    assert len(extract(job, sample, threshold=0.99).frames) == 1
    assert job.percents[-1] == pytest.approx(100, abs=1)
