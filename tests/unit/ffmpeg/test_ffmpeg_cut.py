"""ffmpeg.cut."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
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


@pytest.mark.parametrize(("start", "keyframe"), [(5.0, 4.64), (6.8, 4.64), (7.5, 6.84)])
def test_a_copy_says_at_which_keyframe_it_begins(
    job: FolderJob, sample: MediaFile, start: float, keyframe: float
) -> None:
    output = cut(job, sample, start=start, end=9.0)
    assert output.offset == pytest.approx(keyframe, abs=0.15), "its first picture is shown a little later"
    for kind in ("video", "audio"):
        before, after = (packet_times(path, kind) for path in (job.share / sample, job.path(output.media_path)))
        shifts = [before[content] - at for content, at in after.items() if content in before]
        assert len(shifts) > 20
        assert shifts == pytest.approx([output.offset] * len(shifts), abs=0.03), kind


def packet_times(path: Path, kind: str) -> dict[bytes, float]:
    """Return the second of each packet that is different from all others."""
    with av.open(str(path)) as container:
        (track,) = (stream for stream in container.streams if stream.type == kind)
        packets = [packet for packet in container.demux(track) if packet.pts is not None]
        counts = Counter(bytes(packet) for packet in packets)
        return {bytes(p): float((p.pts or 0) * (p.time_base or 0)) for p in packets if counts[bytes(p)] == 1}


def test_an_exact_cut_begins_where_it_was_asked_to(job: FolderJob, medium: Medium) -> None:
    assert cut(job, medium("video.mp4"), start=1.0, mode="exact").offset == 1.0
    assert cut(job, medium("tone.wav"), start=1.0).offset == 1.0


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
