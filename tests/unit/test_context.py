"""The life of a task: the table of transitions and the form of the record."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from common.state.context import FINAL, NEXT, InputParams, Stage, Status, TaskId, WorkflowContext


def test_every_status_has_its_row() -> None:
    assert set(NEXT) == set(Status)


def test_a_success_is_for_ever() -> None:
    assert NEXT[Status.SUCCESS] == frozenset()


def test_a_finished_task_can_only_wait_again() -> None:
    assert all(NEXT[status] <= {Status.PENDING} for status in FINAL)


def test_only_a_running_task_can_succeed() -> None:
    assert [status for status in Status if Status.SUCCESS in NEXT[status]] == [Status.RUNNING]


def test_every_status_is_reached_from_the_first_and_ends() -> None:
    assert set(reachable_statuses(Status.PENDING)) == set(Status)
    assert all(set(reachable_statuses(status)) & FINAL for status in Status)


def reachable_statuses(first: Status) -> Iterator[Status]:
    seen, todo = set[Status](), [first]
    while todo:
        status = todo.pop()
        if status not in seen:
            seen.add(status)
            todo += NEXT[status]
            yield status


@pytest.mark.parametrize("task_id", ["a", "0", "ep-42", "A.b_c-d", "a..b", "a" * 128])
def test_a_task_id_names_a_folder_safely(task_id: str) -> None:
    assert TypeAdapter(TaskId).validate_python(task_id) == task_id


@pytest.mark.parametrize("task_id", ["", ".", "..", ".a", "-a", "_a", "a/b", "a\\b", "a b", "a\n", "\0", "a" * 129])
def test_anything_else_is_no_task_id(task_id: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(TaskId).validate_python(task_id)


def context(**more: Any) -> WorkflowContext:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    params = InputParams(task_name="testing.echo", input_data={"text": "a"})
    fields = {
        "workflow_id": "ep-42",
        "task_id": "ep-42",
        "task_name": "testing.echo",
        "created_at": now,
        "updated_at": now,
        "input_params": params,
        "shared_storage_path": PurePosixPath("/share/workflows/ep-42"),
        "stages": {"testing.echo": Stage()},
    }
    return WorkflowContext.model_validate({**fields, **more})


def test_a_record_survives_json() -> None:
    original = context()
    assert WorkflowContext.model_validate_json(original.model_dump_json()) == original


def test_times_are_rfc_3339_in_utc() -> None:
    assert context().model_dump(mode="json")["created_at"] == "2026-01-02T03:04:05Z"


def test_an_unknown_member_is_refused() -> None:
    with pytest.raises(ValidationError, match="surprise"):
        context(surprise=1)


def test_the_stage_of_the_task_is_the_one_with_its_name() -> None:
    two = context(stages={"other.task": Stage(attempt=9), "testing.echo": Stage(attempt=1)})
    assert two.stage.attempt == 1
