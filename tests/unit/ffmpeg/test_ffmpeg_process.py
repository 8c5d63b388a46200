"""ffmpeg is watched all the time, and never left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from billiard.exceptions import SoftTimeLimitExceeded

from common.errors import Cancelled
from common.media.fields import MediaFile
from services.ffmpeg.contracts import PROBE, TranscodeInput
from services.ffmpeg.engine import Ffmpeg
from services.ffmpeg.errors import FfmpegStalled
from services.ffmpeg.execution import process
from services.ffmpeg.execution.media_limits import ProgressMonitor
from services.ffmpeg.execution.program import find_program
from services.ffmpeg.execution.resource_limits import ResourceLimits
from services.ffmpeg.settings import FfmpegSettings
from services.ffmpeg.tasks import transcode
from tests.support.folder_job import FolderJob
from tests.support.waiting import wait_until

ENDLESS = ("-nostdin", "-loglevel", "error", "-progress", "pipe:1", "-re", "-f", "lavfi", "-i", "anullsrc")
MUTE = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(600)"


def endless() -> list[str]:
    return [find_program(None).path, *ENDLESS, "-f", "null", "-"]


KNOWN: set[int] = set()


@pytest.fixture(autouse=True)
def known_processes() -> None:
    """Remember what other tests have left running on purpose, such as the Redis that they share."""
    KNOWN.clear()
    KNOWN.update(child.pid for child in psutil.Process().children(recursive=True))


def children() -> list[psutil.Process]:
    """Return what this test has started and not ended."""
    return [child for child in psutil.Process().children(recursive=True) if child.pid not in KNOWN]


class StopAfter:
    """Raises `error` once it has been called `calls` times."""

    def __init__(self, calls: int, error: BaseException) -> None:
        self.calls, self.error = calls, error

    def __call__(self, _: float) -> None:
        self.calls -= 1
        if self.calls <= 0:
            raise self.error


@pytest.mark.parametrize("error", [Cancelled(), SoftTimeLimitExceeded(), KeyboardInterrupt(), OSError()])
def test_whatever_is_raised_ends_ffmpeg_and_reaps_it(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)):
        process.run(endless(), tmp_path, StopAfter(1, error))
    assert children() == []


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        process.run([sys.executable, "-c", MUTE], tmp_path, StopAfter(2, Cancelled()))
    assert children() == []


def test_it_wakes_again_and_again_though_ffmpeg_says_nothing(tmp_path: Path) -> None:
    stop = StopAfter(5, Cancelled())
    with pytest.raises(Cancelled):
        process.run([sys.executable, "-c", MUTE], tmp_path, stop)
    assert stop.calls == 0


def test_a_flood_of_words_neither_blocks_nor_grows(tmp_path: Path) -> None:
    flood = "import sys; [print('x' * 5000, file=sys.stderr) for _ in range(5000)]; sys.exit(3)"
    ending = process.run([sys.executable, "-c", flood], tmp_path, lambda _: None)
    assert ending.code == 3
    assert len(ending.lines) == process.KEPT_LINES
    assert max(map(len, ending.lines)) <= process.LINE_LIMIT


def test_a_cancelled_task_leaves_nothing_running_and_publishes_nothing(job: FolderJob, sample: MediaFile) -> None:
    job.heartbeat.stop = Cancelled()
    with pytest.raises(Cancelled):
        transcode(TranscodeInput(media_path=sample, speed="slow"), job)
    assert children() == []
    assert job.published == []


def test_the_job_is_asked_though_nothing_moves(job: FolderJob, tmp_path: Path) -> None:
    from services.ffmpeg.task_setup import TaskSetup  # noqa: PLC0415

    report = TaskSetup(job, PROBE).reporter("wait", 10.0)
    report(1.0)
    report(1.0)
    assert job.reported == [("wait", 10.0)]
    assert job.checks == 2


def test_an_ffmpeg_that_makes_nothing_is_ended(tmp_path: Path) -> None:
    watch = ProgressMonitor(
        ResourceLimits(FfmpegSettings.model_validate({"stall_timeout": 0.3})), tmp_path, lambda _: None
    )
    with pytest.raises(FfmpegStalled):
        process.run([sys.executable, "-c", MUTE], tmp_path, watch)
    assert children() == []


def test_a_file_that_changes_is_a_sign_of_life(tmp_path: Path) -> None:
    watch = ProgressMonitor(
        ResourceLimits(FfmpegSettings.model_validate({"stall_timeout": 0})), tmp_path, lambda _: None
    )
    for stamp in (1, 2, 3):
        (tmp_path / "out").touch()
        os.utime(tmp_path / "out", ns=(stamp, stamp))
        watch(0.0)
    with pytest.raises(FfmpegStalled):
        watch(0.0)


def test_ffmpeg_dies_with_a_worker_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from services.ffmpeg.execution import process\n"
        "process.run(sys.argv[2:], Path(sys.argv[1]), lambda _: None)"
    )
    worker = subprocess.Popen([sys.executable, "-c", code, str(tmp_path), *endless()], cwd=Path(__file__).parents[3])
    with worker:
        wait_until(lambda: any("ffmpeg" in child.name() for child in children()))
        ffmpeg = next(child for child in children() if "ffmpeg" in child.name())
        worker.send_signal(signal.SIGKILL)
    wait_until(lambda: not ffmpeg.is_running() or ffmpeg.status() == psutil.STATUS_ZOMBIE)


def test_importing_the_tasks_loads_no_heavy_library() -> None:
    code = (
        "import sys, services.ffmpeg.tasks; print([name for name in ('av', 'ffmpeg', 'numpy') if name in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[3])
    assert printed.stdout.strip() == "[]"


def test_every_contract_is_honoured_by_one_task() -> None:
    from common.worker.task import REGISTRY  # noqa: PLC0415
    from services import catalog  # noqa: PLC0415

    ours = {name for name in catalog() if name.startswith("ffmpeg.")}
    assert ours == {name for name in REGISTRY if name.startswith("ffmpeg.")}
    assert Ffmpeg(FfmpegSettings()).settings.threads == 0
