"""What the monitor is told in the file or the environment is checked before the gateway starts."""

import subprocess
import sys

from tests.support.stack import ROOT


def test_levels_for_a_task_that_there_is_not_are_refused_with_what_was_meant() -> None:
    wrong = {"BATON_GPU_LOCK_MONITOR__PER_TASK": '{"ffmpeg.trancode": {"hard_timeout": 9000}}'}
    command = [sys.executable, "-m", "api_gateway"]
    refused = subprocess.run(command, cwd=ROOT, env=wrong, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 2
    assert refused.stderr.startswith("gpu_lock_monitor.per_task names 'ffmpeg.trancode'")
    assert "ffmpeg.transcode" in refused.stderr
