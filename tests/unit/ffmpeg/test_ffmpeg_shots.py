"""ffmpeg.detect_shots."""

from collections.abc import Callable
from json import loads

import pytest

from common.errors import NoVideoTrack
from common.media.fields import MediaFile
from services.ffmpeg.contracts import DetectShotsInput
from services.ffmpeg.tasks import detect_shots
from tests.support.folder_job import FolderJob

Medium = Callable[..., MediaFile]


def test_each_shot_change_has_the_time_of_its_first_picture(job: FolderJob, medium: Medium) -> None:
    found = detect_shots(DetectShotsInput(video_path=medium("scenes.mp4")), job)
    written = loads(job.path(found.shots_path).read_text())
    assert (found.count, written["shots"]) == (2, [2.0, 4.0])
    assert written["fps"] == found.fps == 10.0


def test_a_video_of_one_shot_has_no_change(job: FolderJob, sample: MediaFile) -> None:
    found = detect_shots(DetectShotsInput(video_path=sample, threshold=0.99), job)
    assert (found.count, loads(job.path(found.shots_path).read_text())["shots"]) == (0, [])


def test_sound_alone_has_no_shots(job: FolderJob, medium: Medium) -> None:
    with pytest.raises(NoVideoTrack):
        detect_shots(DetectShotsInput(video_path=medium("tone.wav")), job)
