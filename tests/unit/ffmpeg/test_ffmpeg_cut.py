"""ffmpeg.cut."""

from collections.abc import Callable
from typing import Any

import pytest

from common.errors import ClipOutsideMedia
from common.media.fields import Artifact, MediaFile
from services.ffmpeg.contracts import CutInput, MediaOutput
from services.ffmpeg.media import MediaInfo
from services.ffmpeg.tasks import cut_media
from tests.support.folder_job import FolderJob

Medium = Callable[..., MediaFile]
Inspect = Callable[[Artifact], MediaInfo]


def cut(job: FolderJob, media: MediaFile, **options: Any) -> MediaOutput:
    return cut_media(CutInput(media_path=media, **options), job)


def test_a_copy_begins_at_the_keyframe_before(job: FolderJob, sample: MediaFile, inspect: Inspect) -> None:
    output = cut(job, sample, start=5.0, end=9.0)  # keyframes at 4.64 and 6.84
    assert output.duration == pytest.approx(9.0 - 4.64, abs=0.2)
    assert [stream.codec for stream in inspect(output.media_path).streams] == ["h264", "aac"]


def test_an_exact_cut_is_exact(job: FolderJob, sample: MediaFile) -> None:
    assert cut(job, sample, start=5.0, end=7.0, mode="exact").duration == pytest.approx(2.0, abs=0.07)


@pytest.mark.parametrize("mode", ["copy", "exact"])
@pytest.mark.parametrize("name", ["tone.wav", "tone.mp3", "tone.flac", "video.mp4", "two-tracks.mkv"])
def test_the_container_stays(job: FolderJob, medium: Medium, inspect: Inspect, name: str, mode: Any) -> None:
    output = cut(job, medium(name), start=1.0, end=2.0, mode=mode)
    assert output.media_path.path.endswith(name[-4:])
    assert len(inspect(output.media_path).streams) >= 1
    assert output.duration == pytest.approx(1.0, abs=1.8 if mode == "copy" else 0.2)


def test_every_sound_track_goes_along(job: FolderJob, medium: Medium, inspect: Inspect) -> None:
    for mode in ("copy", "exact"):
        output = cut(job, medium("two-tracks.mkv"), start=1.0, mode=mode)
        assert [track.language for track in inspect(output.media_path).of("audio")] == ["eng", "chi"]


def test_a_part_after_the_end_is_refused(job: FolderJob, medium: Medium) -> None:
    with pytest.raises(ClipOutsideMedia):
        cut(job, medium("video.mp4"), start=10, end=20)


def test_a_copied_flac_is_as_long_as_it_says(job: FolderJob, medium: Medium) -> None:
    assert cut(job, medium("tone.flac"), start=1.0, end=2.0).duration == pytest.approx(1.0, abs=0.11)
