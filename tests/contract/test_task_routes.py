"""Reading, listing, cancelling, retrying and removing tasks."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.stack import Stack
from tests.support.waiting import wait_until


def get(stack: Stack, path: str) -> dict[str, Any]:
    answer: dict[str, Any] = stack.http.get(f"/v1/tasks{path}").json()
    return answer


# ---- the short forms ----


def test_status_and_result_of_a_task_on_its_way(shared_stack: Stack) -> None:
    task_id = shared_stack.submit("testing.work", {"seconds": 30})
    shared_stack.wait_for(task_id, "RUNNING")
    wait_until(lambda: get(shared_stack, f"/{task_id}/status")["progress"]["percent"] > 0)
    short = get(shared_stack, f"/{task_id}/status")
    assert (short["status"], short["attempt"], short["cancel_requested"]) == ("RUNNING", 1, False)
    assert short["progress"]["phase"] == "work"
    answer = shared_stack.http.get(f"/v1/tasks/{task_id}/result")
    assert (answer.status_code, answer.json()) == (202, {"task_id": task_id, "status": "RUNNING"})
    assert get(shared_stack, f"/{task_id}/wait-reason")["reason"] == "running"
    shared_stack.http.post(f"/v1/tasks/{task_id}/cancel")


def test_the_result_of_a_success_is_its_output(shared_stack: Stack) -> None:
    task_id = shared_stack.submit("testing.echo", {"text": "x"})
    shared_stack.wait_for(task_id)
    answer = shared_stack.http.get(f"/v1/tasks/{task_id}/result")
    assert answer.status_code == 200
    assert answer.json() == {"task_id": task_id, "status": "SUCCESS", "output": {"text": "x"}}
    assert get(shared_stack, f"/{task_id}/status")["progress"]["percent"] == 100
    assert get(shared_stack, f"/{task_id}/wait-reason")["reason"] == "finished"


def test_the_result_of_a_failure_is_its_error(shared_stack: Stack) -> None:
    task_id = shared_stack.submit("testing.fail", {"kind": "input"})
    shared_stack.wait_for(task_id)
    answer = shared_stack.http.get(f"/v1/tasks/{task_id}/result")
    assert (answer.status_code, answer.json().keys()) == (200, {"task_id", "status", "error"})
    assert answer.json()["error"]["code"] == "invalid_input"


# ---- why it waits ----


def test_a_waiting_task_knows_its_place_and_an_estimate(shared_stack: Stack) -> None:
    shared_stack.wait_for(shared_stack.submit("testing.work", {"seconds": 0.2}))
    blocker = shared_stack.submit("testing.work", {"seconds": 30})
    shared_stack.wait_for(blocker, "RUNNING")
    waiting = [shared_stack.submit("testing.echo") for _ in range(3)]
    reason = get(shared_stack, f"/{waiting[2]}/wait-reason")
    assert (reason["reason"], reason["position"], reason["running"], reason["workers"]) == ("queued", 2, 1, 1)
    assert reason["eta"] >= 0
    shared_stack.http.post(f"/v1/tasks/{blocker}/cancel")
    shared_stack.wait_for(waiting[2])


def test_a_task_without_a_worker_says_how_to_start_one(quiet_stack: Stack) -> None:
    task_id = quiet_stack.submit("testing.echo")
    reason = get(quiet_stack, f"/{task_id}/wait-reason")
    assert (reason["reason"], reason["workers"], reason["eta"]) == ("no_worker", 0, None)
    assert "python -m services testing" in reason["message"]


# ---- cancel, retry, delete ----


def test_a_waiting_task_is_cancelled_at_once(quiet_stack: Stack) -> None:
    task_id = quiet_stack.submit("testing.echo")
    answer = quiet_stack.http.post(f"/v1/tasks/{task_id}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (202, "CANCELLED")


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_a_success_can_be_neither_cancelled_nor_retried(shared_stack: Stack, action: str) -> None:
    task_id = shared_stack.submit("testing.echo")
    before = shared_stack.wait_for(task_id)
    answer = shared_stack.http.post(f"/v1/tasks/{task_id}/{action}")
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    told = answer.json()
    assert (told["code"], told["status"], told["task_status"]) == ("wrong_state", 409, "SUCCESS")
    assert shared_stack.read(task_id) == before


def test_only_failed_and_cancelled_tasks_are_retried(quiet_stack: Stack) -> None:
    task_id = quiet_stack.submit("testing.echo")
    assert quiet_stack.http.post(f"/v1/tasks/{task_id}/retry").status_code == 409
    quiet_stack.http.post(f"/v1/tasks/{task_id}/cancel")
    answer = quiet_stack.http.post(f"/v1/tasks/{task_id}/retry")
    assert (answer.status_code, answer.json()["status"]) == (202, "PENDING")


def test_a_failed_task_runs_again_when_asked(shared_stack: Stack) -> None:
    task_id = shared_stack.submit("testing.fail", {"kind": "input", "failures": 1})
    assert shared_stack.wait_for(task_id)["status"] == "FAILED"
    assert shared_stack.http.post(f"/v1/tasks/{task_id}/retry").status_code == 202
    context = shared_stack.wait_for(task_id, "SUCCESS")
    assert context["stages"]["testing.fail"]["attempt"] == 2
    assert context["error"] is None


def test_a_task_that_is_not_finished_cannot_be_removed(quiet_stack: Stack) -> None:
    task_id = quiet_stack.submit("testing.echo")
    answer = quiet_stack.http.delete(f"/v1/tasks/{task_id}")
    assert (answer.status_code, answer.json()["task_status"]) == (409, "PENDING")
    assert quiet_stack.read(task_id)["status"] == "PENDING"


def test_removing_a_task_leaves_no_file_and_no_key(shared_stack: Stack) -> None:
    task_id = shared_stack.submit("testing.work", {"seconds": 0.1}, callback="http://127.0.0.1:1/refused")
    path = shared_stack.wait_for(task_id)["stages"]["testing.work"]["output"]["file"]["path"]
    assert (shared_stack.share / path).is_file()
    wait_until(lambda: get(shared_stack, f"/{task_id}/deliveries")["deliveries"])
    assert shared_stack.http.delete(f"/v1/tasks/{task_id}").status_code == 204
    assert not (shared_stack.share / "workflows" / task_id).exists()
    client = shared_stack.redis.client
    left = {key for key in client.scan_iter(count=1000) if task_id in key}
    assert left == set()
    assert client.zscore("tasks:index", task_id) is None
    assert client.zscore("tasks:index:SUCCESS", task_id) is None
    assert client.zscore("tasks:index:name:testing.work", task_id) is None
    assert shared_stack.http.get(f"/v1/tasks/{task_id}").status_code == 404
    assert shared_stack.http.delete(f"/v1/tasks/{task_id}").status_code == 404


def test_a_removed_task_can_be_posted_again_with_its_idempotency_key(shared_stack: Stack) -> None:
    body, key = {"task_name": "testing.echo", "input_data": {}}, {"Idempotency-Key": "removed"}
    task_id = shared_stack.http.post("/v1/tasks", json=body, headers=key).json()["task_id"]
    shared_stack.wait_for(task_id)
    shared_stack.http.delete(f"/v1/tasks/{task_id}")
    answer = shared_stack.http.post("/v1/tasks", json=body, headers=key)
    assert answer.status_code == 202
    assert shared_stack.wait_for(answer.json()["task_id"])["status"] == "SUCCESS"


# ---- lists ----


@pytest.fixture(scope="module")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, list[str]]]:
    """A stack with 1,000 waiting tasks, every tenth a testing.fail and every 100th cancelled."""
    with Stack(tmp_path_factory.mktemp("thousand")) as full:
        full.gateway()
        names = ["testing.fail" if number % 10 == 0 else "testing.echo" for number in range(1_000)]
        with ThreadPoolExecutor(8) as threads:
            ids = list(threads.map(full.submit, names))
            list(threads.map(lambda task_id: full.http.post(f"/v1/tasks/{task_id}/cancel"), ids[::100]))
        yield full, ids


def walk(stack: Stack, query: str) -> list[dict[str, Any]]:
    """Return the tasks of all pages, and see that only the last one ends the walk."""
    page = get(stack, f"?{query}")
    tasks: list[dict[str, Any]] = page["tasks"]
    while page["next_cursor"]:
        page = get(stack, f"?{query}&cursor={page['next_cursor']}")
        tasks += page["tasks"]
    return tasks


def ids_of(tasks: list[dict[str, Any]]) -> list[str]:
    return [task["task_id"] for task in tasks]


@pytest.mark.parametrize("limit", [7, 50, 250, 500])
def test_pages_hold_every_task_once_newest_first(thousand: tuple[Stack, list[str]], limit: int) -> None:
    full, ids = thousand
    found = ids_of(walk(full, f"limit={limit}"))
    assert len(found) == 1_000
    assert set(found) == set(ids)
    assert found == full.redis.client.zrevrange("tasks:index", 0, -1)


def test_the_newest_task_comes_first(thousand: tuple[Stack, list[str]]) -> None:
    full, _ = thousand
    newest = full.submit("testing.echo")
    assert ids_of(get(full, "?limit=1")["tasks"]) == [newest]
    full.http.post(f"/v1/tasks/{newest}/cancel")
    full.http.delete(f"/v1/tasks/{newest}")


def test_pages_stay_right_while_new_tasks_come_in(thousand: tuple[Stack, list[str]]) -> None:
    full, ids = thousand
    page = get(full, "?limit=100")
    seen = ids_of(page["tasks"])
    while page["next_cursor"]:
        full.submit("testing.echo")
        page = get(full, f"?limit=100&cursor={page['next_cursor']}")
        seen += ids_of(page["tasks"])
    assert len(seen) == len(set(seen))
    assert set(ids) <= set(seen)


@pytest.mark.parametrize("limit", [3, 50, 500])
def test_a_list_can_be_narrowed(thousand: tuple[Stack, list[str]], limit: int) -> None:
    full, ids = thousand
    cancelled = set(ids[::100])
    fails = set(ids[::10])
    assert set(ids_of(walk(full, f"limit={limit}&status=CANCELLED"))) == cancelled
    assert sorted(ids_of(walk(full, f"limit={limit}&task_name=testing.fail"))) == sorted(fails)
    both = walk(full, f"limit={limit}&task_name=testing.fail&status=PENDING")
    assert sorted(ids_of(both)) == sorted(fails - cancelled)
    assert walk(full, f"limit={limit}&task_name=nobody") == []
    assert walk(full, f"limit={limit}&status=SUCCESS") == []
