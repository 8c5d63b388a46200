"""Memory of the task processes: measured, limited, watched for growth; and a process without a usable GPU."""

import re
from pathlib import Path

import pytest

from common.gpu.faults import breaks_context
from common.settings import MIB, WorkerSettings
from common.worker.memory_limit import available_bytes, cgroup_limits, memory_limit_mib
from common.worker.memory_watch import LEAST_GROWTH, TASKS, is_growing
from tests.support.faults import children_of, codes, is_gone
from tests.support.stack import Stack
from tests.support.waiting import wait_until

BASE = 500 * MIB
STEP = 30 * MIB


# ---- growth ----


@pytest.mark.parametrize(
    ("sizes", "grows"),
    [
        ([BASE + STEP * task for task in range(TASKS)], True),
        ([BASE + STEP * task for task in range(TASKS - 1)], False),  # too few to tell
        ([BASE] * TASKS, False),
        ([BASE + STEP * (task % 3) for task in range(TASKS)], False),  # as large as its task is
        ([BASE] + [BASE + 5 * LEAST_GROWTH] * (TASKS - 1), False),  # a model was loaded
        ([BASE + MIB * task for task in range(TASKS)], False),  # too little to matter
        ([BASE - STEP * task for task in range(TASKS)], False),
    ],
)
def test_growth_is_told_from_differences_between_tasks(sizes: list[int], grows: bool) -> None:
    assert is_growing(sizes) is grows


def test_a_process_that_grows_from_task_to_task_is_reported(stack: Stack) -> None:
    stack.gateway()
    stack.worker()
    for _ in range(TASKS + 1):
        stack.wait_for(stack.submit("testing.fail", {"failures": 0, "leak": STEP}))
    (child,) = children_of(stack, "testing")
    reason = wait_until(lambda: find_reason(stack, "worker_grows"))
    assert f"Process {child} " in reason
    assert re.search(r"from \d+ to \d+ MiB", reason)
    [worker] = stack.http.get("/v1/monitoring/workers").json()["workers"]
    assert worker["memory"][str(child)] > TASKS * STEP
    metrics = stack.http.get("/metrics").text
    [measured] = re.findall(r'baton_worker_memory_bytes\{part="tasks",worker="testing@[^"]+"\} (\S+)', metrics)
    assert float(measured) > TASKS * STEP


def find_reason(stack: Stack, code: str) -> str | None:
    reasons = stack.http.get("/v1/monitoring/health").json()["reasons"]
    return next((reason["message"] for reason in reasons if reason["code"] == code), None)


# ---- the limit ----


@pytest.mark.parametrize(("given", "limit"), [(0, None), (700, 700)])
def test_a_limit_that_is_set_applies(given: int, limit: int | None) -> None:
    assert memory_limit_mib(WorkerSettings(max_memory_mib=given, concurrency=3)) == limit


def test_by_default_the_processes_share_the_memory_that_there_is() -> None:
    limit = memory_limit_mib(WorkerSettings(concurrency=4))
    assert limit is not None
    assert abs(limit * 4 * MIB - 0.8 * available_bytes()) < 8 * MIB


def test_the_limits_of_a_container_are_read(tmp_path: Path) -> None:
    own = tmp_path / "own"
    second = tmp_path / "v2"
    place(second / "system/baton/memory.max", "4000000")
    place(second / "system/memory.max", "max")
    place(second / "memory.max", "9000000")
    own.write_text("0::/system/baton\n")
    assert sorted(cgroup_limits(second, own)) == [4_000_000, 9_000_000]
    first = tmp_path / "v1"
    place(first / "memory/docker/memory.limit_in_bytes", "5000000")
    own.write_text("3:cpu:/docker\n2:memory:/docker\n")
    assert list(cgroup_limits(first, own)) == [5_000_000]
    assert list(cgroup_limits(first, tmp_path / "missing")) == []


def place(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


# ---- a broken GPU context ----


def test_a_process_whose_cuda_context_is_broken_is_replaced(stack: Stack) -> None:
    stack.gateway()
    stack.worker()
    stack.wait_for(stack.submit("testing.echo"))
    (child,) = children_of(stack, "testing")
    task_id = stack.submit("testing.fail", {"failures": 1, "kind": "cuda"})
    assert stack.wait_for(task_id, timeout=60)["status"] == "SUCCESS"
    assert stack.read(task_id)["stages"]["testing.fail"]["attempt"] == 2
    assert is_gone(child), "it would fail each further task"
    assert "gpu_context_broken" in stack.read_log("worker")
    assert codes(stack, task_id).count("task_complete") == 1


def test_only_errors_that_break_the_context_count() -> None:
    broken = RuntimeError("CUDA error: device-side assert triggered\nCompile with `TORCH_USE_CUDA_DSA`")
    wrapped = ValueError("in a step")
    wrapped.__cause__ = broken
    assert breaks_context(broken)
    assert breaks_context(wrapped)
    assert not breaks_context(RuntimeError("CUDA failed with error out of memory"))
