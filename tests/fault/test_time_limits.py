"""A task that runs for too long is asked to end, then killed; its worker goes on."""

from collections.abc import Iterator

import pytest

from tests.support.faults import child_of, codes, is_gone, partial_files
from tests.support.stack import START_METHODS, Stack

# a hung attempt is to be found by its limit here, not by its silence
PATIENT = {"BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 0.2, "timeout": 15}'}


@pytest.fixture(scope="module", params=START_METHODS)
def limited_stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack"), **PATIENT, **START_METHODS[request.param]) as own:
        own.gateway()
        own.worker()
        yield own


def test_the_soft_limit_ends_the_function_and_keeps_the_process(limited_stack: Stack) -> None:
    task_id = limited_stack.submit("testing.limited", {"seconds": 60})
    child = child_of(limited_stack, task_id)
    context = limited_stack.wait_for(task_id)
    assert (context["status"], context["error"]["code"]) == ("FAILED", "time_limit")
    assert context["stages"]["testing.limited"]["attempt"] == 1
    assert not is_gone(child)


def test_the_hard_limit_kills_a_process_that_hangs_in_c_and_the_worker_goes_on(limited_stack: Stack) -> None:
    task_id = limited_stack.submit("testing.limited", {"seconds": 0.1, "hang_on": [1, 2, 3]})
    child = child_of(limited_stack, task_id)
    context = limited_stack.wait_for(task_id)
    assert is_gone(child)
    assert (context["status"], context["error"]["code"]) == ("FAILED", "time_limit")
    assert context["error"]["detail"] == {"limit_s": 2.0}
    assert codes(limited_stack, task_id) == ["started", "time_limit"]
    assert limited_stack.wait_for(limited_stack.submit("testing.echo", {"text": "next"}))["status"] == "SUCCESS"
    assert partial_files(limited_stack) == []
