"""What one ffmpeg may use: CPU time, time and memory, and what happens over that."""

import resource
import sys
from pathlib import Path
from signal import SIGXCPU
from typing import Any

import psutil
import pytest

from common.media.fields import MediaFile
from services.ffmpeg.contracts import BurnSubtitlesInput, ExtractAudioInput
from services.ffmpeg.errors import MediaTooDemanding
from services.ffmpeg.execution import process
from services.ffmpeg.execution.failures import error_of
from services.ffmpeg.execution.media_limits import ProgressMonitor
from services.ffmpeg.execution.resource_limits import HEADROOM, ResourceLimits, ResourceMonitor
from services.ffmpeg.media import MediaInfo, StreamInfo
from services.ffmpeg.settings import FfmpegSettings
from services.ffmpeg.tasks import burn_subtitles, extract_audio
from tests.support.folder_job import FolderJob

SPIN = "while True: pass"
SPIN_IN_A_CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SPIN!r}])"
HOARD = "import time; kept = bytearray(b'x') * (170 << 20); time.sleep(600)"
GRAB = "bytearray(4 << 30)"
ASS_HEAD = """[Script Info]
ScriptType: v4.00+
PlayResX: 64
PlayResY: 64

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,20

[Events]
Format: Layer, Start, End, Style, Text
"""
GROWING = r"{\t(0,5000,\frz360\blur500\fscx9999\fscy9999)}"


def settings_of(**values: Any) -> FfmpegSettings:
    return FfmpegSettings.model_validate(values)


def demanding_ass() -> bytes:
    """Return 60 kB of subtitles whose drawing takes minutes for each second of film."""
    line = "Dialogue: 0,0:00:00.00,0:01:00.00,Default," + GROWING + r"A\N" * 500
    return (ASS_HEAD + "\n".join([line] * 40) + "\n").encode()


def run(code: str, folder: Path, settings: FfmpegSettings) -> process.ProcessResult:
    watch = ProgressMonitor(ResourceLimits(settings, "burn_subtitles"), folder, lambda _: None)
    return process.run([sys.executable, "-c", code], folder, watch, watch.begin)


def test_a_demanding_subtitle_file_is_given_up_and_says_why(job: FolderJob, sample: MediaFile) -> None:
    job.configure("ffmpeg", cpu_floor=2, cpu_per_second={"burn_subtitles": 1})
    (job.share / "demanding.ass").write_bytes(demanding_ass())
    params = BurnSubtitlesInput(video_path=sample, subtitle_path=MediaFile("demanding.ass"))
    with pytest.raises(MediaTooDemanding, match=r"ffmpeg\.cpu_per_second\.burn_subtitles") as raised:
        burn_subtitles(params, job)
    assert not raised.value.retryable
    assert raised.value.detail["limit"] == "CPU time"
    assert job.published == []


def test_usual_subtitles_stay_far_below_the_default_limits(
    job: FolderJob, sample: MediaFile, sample_srt: MediaFile
) -> None:
    job.configure("ffmpeg", cpu_floor=12, cpu_per_second={"burn_subtitles": 2}, max_memory=1 << 30)
    burn_subtitles(BurnSubtitlesInput(video_path=sample, subtitle_path=sample_srt), job)
    assert "video.mp4" in job.published


@pytest.mark.parametrize("code", [SPIN, SPIN_IN_A_CHILD], ids=["itself", "a child"])
def test_cpu_time_is_limited(tmp_path: Path, code: str) -> None:
    with pytest.raises(MediaTooDemanding) as raised:
        run(code, tmp_path, settings_of(cpu_floor=0.5))
    assert raised.value.detail["limit"] == "CPU time"


def test_time_is_limited(tmp_path: Path) -> None:
    with pytest.raises(MediaTooDemanding, match="wall_per_second") as raised:
        run("import time; time.sleep(600)", tmp_path, settings_of(wall_floor=0.5))
    assert raised.value.detail["limit"] == "time"


def test_a_process_that_computes_without_output_is_not_tried_again(tmp_path: Path) -> None:
    """As where one picture takes minutes: it is not the storage that does not answer."""
    with pytest.raises(MediaTooDemanding, match="stall_timeout"):
        run(SPIN, tmp_path, settings_of(stall_timeout=6))


def test_memory_is_limited(tmp_path: Path) -> None:
    with pytest.raises(MediaTooDemanding, match="max_memory") as raised:
        run(HOARD, tmp_path, settings_of(max_memory=150 << 20))
    assert raised.value.detail["limit"] == "memory"


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's limits of another process are Linux's")
def test_the_kernel_refuses_memory_that_is_taken_at_once(tmp_path: Path) -> None:
    ending = run(f"import time; time.sleep(1); {GRAB}", tmp_path, settings_of(max_memory=1 << 30))
    assert ending.code == 1
    assert "MemoryError" in ending.lines


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's limits of another process are Linux's")
def test_the_kernel_limits_a_process_that_nobody_watches() -> None:
    effort = ResourceLimits(
        settings_of(cpu_floor=1, cpu_per_second={"cut": 2}, max_memory=1 << 30), "cut", duration=10.0
    )
    with process.start_process([sys.executable, "-c", SPIN], Path.cwd()) as started:
        ResourceMonitor.begin(effort, started.pid)
        cpu, _ = resource.prlimit(started.pid, resource.RLIMIT_CPU)
        data, _ = resource.prlimit(started.pid, resource.RLIMIT_DATA)
    assert (cpu, data) == (int(HEADROOM * 21) + 1, int(HEADROOM * (1 << 30)))


@pytest.mark.parametrize("words", ["Cannot allocate memory", "x264 [error]: malloc of size 7680 failed"])
def test_an_ffmpeg_that_gets_no_memory_was_too_demanding(words: str) -> None:
    ending = process.ProcessResult(code=1)
    ending.hear_words(words)
    assert isinstance(error_of(ending, ResourceLimits(FfmpegSettings())), MediaTooDemanding)


def test_an_ffmpeg_that_the_kernel_ended_was_too_demanding() -> None:
    error = error_of(process.ProcessResult(code=-SIGXCPU), ResourceLimits(FfmpegSettings(), "cut"))
    assert isinstance(error, MediaTooDemanding)
    assert "ffmpeg.cpu_per_second.cut" in error.message


def test_a_long_output_and_large_pictures_may_use_more() -> None:
    video = StreamInfo(index=0, kind="video", codec="h264", width=3_840, height=2_160)
    info = MediaInfo(container="mp4", duration=60.0, size=1, streams=[video])
    effort = ResourceLimits.of(settings_of(cpu_floor=10, cpu_per_second={"cut": 2}), "cut", info)
    assert (effort.cpu_allowed(0.0), effort.cpu_allowed(60.0)) == (40.0, 520.0)


def test_sound_has_a_limit_of_its_own(job: FolderJob, sample: MediaFile) -> None:
    # the floor covers what ffmpeg uses before its first output
    job.configure("ffmpeg", cpu_floor=1, cpu_per_second={"extract_audio": 5})
    assert extract_audio(ExtractAudioInput(video_path=sample), job).duration > 1


def test_a_process_that_has_ended_is_over_no_limit(tmp_path: Path) -> None:
    assert run("pass", tmp_path, settings_of()).code == 0
    meter = ResourceMonitor(ResourceLimits(settings_of(cpu_floor=0)), psutil.Process())
    meter.process = start_and_end()
    meter.check(0.0)


def start_and_end() -> psutil.Process:
    with process.start_process([sys.executable, "-c", "import time; time.sleep(600)"], Path.cwd()) as started:
        return psutil.Process(started.pid)
