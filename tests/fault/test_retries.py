"""Which errors get another attempt, and what a user's retry does."""

from typing import Any

from pydantic_core import from_json

from tests.support.faults import child_of, codes
from tests.support.stack import Stack


def test_a_passing_error_is_retried_with_growing_pauses(shared_stack: Stack) -> None:
    task_id = shared_stack.submit("testing.fail", {"failures": 2, "kind": "passing"})
    context = shared_stack.wait_for(task_id)
    assert (context["status"], context["stages"]["testing.fail"]["attempt"]) == ("SUCCESS", 3)
    assert codes(shared_stack, task_id) == ["started", "retrying", "resumed", "retrying", "resumed", "task_complete"]
    stamps = [int(entry.partition("-")[0]) for entry, _ in shared_stack.redis.client.xrange(f"events:{task_id}")]
    first, second = stamps[2] - stamps[1], stamps[4] - stamps[3]
    assert first >= 100
    assert second >= 200


def test_a_passing_error_that_stays_fails_the_task_after_its_attempts(shared_stack: Stack) -> None:
    task_id = shared_stack.submit("testing.fail", {"failures": 9, "kind": "passing"})
    context = shared_stack.wait_for(task_id)
    assert (context["status"], context["stages"]["testing.fail"]["attempt"]) == ("FAILED", 3)
    assert (context["error"]["code"], context["error"]["retryable"]) == ("download_failed", True)


def test_an_error_of_the_input_is_not_retried(shared_stack: Stack) -> None:
    task_id = shared_stack.submit("testing.fail", {"failures": 9, "kind": "input"})
    context = shared_stack.wait_for(task_id)
    assert (context["status"], context["stages"]["testing.fail"]["attempt"]) == ("FAILED", 1)
    assert (context["error"]["code"], context["error"]["retryable"]) == ("invalid_input", False)
    assert codes(shared_stack, task_id) == ["started", "invalid_input"]


def test_a_bug_is_told_without_its_trace_which_is_in_the_log_under_the_task_id(shared_stack: Stack) -> None:
    task_id = shared_stack.submit("testing.fail", {"failures": 9, "kind": "bug"})
    context = shared_stack.wait_for(task_id)
    assert (context["status"], context["stages"]["testing.fail"]["attempt"]) == ("FAILED", 1)
    assert context["error"]["code"] == "internal_error"
    assert "Traceback" not in str(context)
    assert "a bug" not in str(context)
    told = [from_json(line) for line in shared_stack.read_log("worker").splitlines() if "ValueError: a bug" in line]
    assert [(line["task_id"], line["event"]) for line in told] == [(task_id, "task_raised")]
    assert "testing_service.py" in told[0]["exception"]


def test_a_retried_failure_resumes_in_a_new_attempt(shared_stack: Stack) -> None:
    task_id = shared_stack.submit("testing.work", {"seconds": 0.2, "die_on": [1, 2, 3], "checkpoint": True})
    failed = shared_stack.wait_for(task_id)
    assert (failed["status"], failed["stages"]["testing.work"]["attempt"]) == ("FAILED", 3)
    resumed = retry(shared_stack, task_id)
    assert (resumed["status"], resumed["error"], resumed["stages"]["testing.work"]["attempt"]) == ("SUCCESS", None, 4)
    assert resumed["stages"]["testing.work"]["output"]["began_at"] == 5, "half of ten steps were done before it died"
    assert codes(shared_stack, task_id)[-4:] == ["worker_lost", "retrying", "resumed", "task_complete"]


def test_a_retried_cancellation_resumes_in_a_new_attempt(shared_stack: Stack) -> None:
    task_id = shared_stack.submit("testing.work", {"seconds": 1, "checkpoint": True})
    child_of(shared_stack, task_id)
    shared_stack.http.post(f"/v1/tasks/{task_id}/cancel")
    assert shared_stack.wait_for(task_id)["status"] == "CANCELLED"
    resumed = retry(shared_stack, task_id)
    assert (resumed["status"], resumed["stages"]["testing.work"]["attempt"]) == ("SUCCESS", 2)
    assert resumed["stages"]["testing.work"]["output"]["began_at"] > 0
    assert codes(shared_stack, task_id)[-4:] == ["task_cancelled", "retrying", "resumed", "task_complete"]


def test_a_finished_task_is_not_retried(shared_stack: Stack) -> None:
    task_id = shared_stack.submit("testing.echo")
    before = shared_stack.wait_for(task_id)
    assert shared_stack.http.post(f"/v1/tasks/{task_id}/retry").status_code == 409
    assert shared_stack.read(task_id) == before


def retry(stack: Stack, task_id: str) -> dict[str, Any]:
    assert stack.http.post(f"/v1/tasks/{task_id}/retry").status_code == 202
    return stack.wait_for(task_id)
