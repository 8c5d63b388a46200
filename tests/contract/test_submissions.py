"""Posting a task: once is enough, twice is harmless, and who wants to can wait for the end."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

import httpx
import pytest

from tests.support.stack import Stack

SLOW: dict[str, Any] = {"task_name": "testing.work", "input_data": {"seconds": 30}}


def post(stack: Stack, body: dict[str, Any], **headers: str) -> httpx.Response:
    return stack.http.post("/v1/tasks", json=body, headers=headers)


def echo(text: str, **more: Any) -> dict[str, Any]:
    return {"task_name": "testing.echo", "input_data": {"text": text}, **more}


def conflict(answer: httpx.Response) -> bool:
    return answer.status_code == 409 and answer.json()["code"] == "task_id_conflict"


def test_an_accepted_task_says_where_to_go_on(shared_stack: Stack) -> None:
    answer = post(shared_stack, echo("hello", task_id="where"))
    accepted = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (202, "/v1/tasks/where")
    assert (accepted["task_id"], accepted["status"], accepted["queue"]) == ("where", "PENDING", "testing")
    assert accepted["queue_position"] == 0
    assert shared_stack.wait_for("where")["stages"]["testing.echo"]["output"] == {"text": "hello"}
    links = {name: shared_stack.http.get(link).status_code for name, link in accepted["links"].items()}
    assert links == {"self": 200, "status": 200, "result": 200, "events": 200, "cancel": 405}


def test_the_same_task_again_is_the_same_task(shared_stack: Stack) -> None:
    body = echo("a", task_id="again", callback={"url": "http://127.0.0.1:1/x?secret=1", "headers": {"X-A": "b"}})
    assert post(shared_stack, body).status_code == 202
    before = shared_stack.wait_for("again")
    answer = post(shared_stack, body)
    assert (answer.status_code, answer.headers["location"]) == (200, "/v1/tasks/again")
    assert (answer.json()["status"], answer.json()["queue_position"]) == ("SUCCESS", None)
    assert shared_stack.read("again") == before


@pytest.mark.parametrize(
    "change",
    [
        {"input_data": {"text": "b"}},
        {"priority": 9},
        {"callback": "http://127.0.0.1:1/other"},
        {"task_name": "testing.fail", "input_data": {}},
    ],
)
def test_the_same_id_for_another_request_conflicts_and_overwrites_nothing(
    shared_stack: Stack, change: dict[str, Any]
) -> None:
    body = echo("a", task_id="taken", callback="http://127.0.0.1:1/x")
    assert post(shared_stack, body).status_code in {200, 202}
    before = shared_stack.wait_for("taken")
    assert conflict(post(shared_stack, {**body, **change}))
    assert shared_stack.read("taken") == before


def test_a_callback_as_url_or_as_object_is_the_same_request(shared_stack: Stack) -> None:
    body = echo("a", task_id="spelled")
    assert post(shared_stack, {**body, "callback": "http://127.0.0.1:1/x"}).status_code == 202
    assert post(shared_stack, {**body, "callback": {"url": "http://127.0.0.1:1/x"}}).status_code == 200


def test_a_waiting_task_posted_again_tells_its_place(shared_stack: Stack) -> None:
    blocker = shared_stack.submit("testing.work", {"seconds": 30})
    shared_stack.wait_for(blocker, "RUNNING")
    bodies = [echo(str(number), task_id=f"place-{number}") for number in range(3)]
    first = [post(shared_stack, body).json() for body in bodies]
    second = [post(shared_stack, body).json() for body in bodies]
    assert [answer["queue_position"] for answer in first] == [0, 1, 2]
    assert second == first
    shared_stack.http.post(f"/v1/tasks/{blocker}/cancel")
    shared_stack.wait_for("place-2")


def test_an_idempotency_key_stands_for_an_id(shared_stack: Stack) -> None:
    key = {"Idempotency-Key": "order 66"}
    first, again = (post(shared_stack, echo("a"), **key) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["task_id"] == again.json()["task_id"]
    assert conflict(post(shared_stack, echo("b"), **key))
    assert post(shared_stack, echo("a")).status_code == 202


def test_an_idempotency_key_never_answers_with_another_id_than_asked_for(shared_stack: Stack) -> None:
    key = {"Idempotency-Key": "with an id"}
    assert post(shared_stack, echo("a", task_id="key-1"), **key).status_code == 202
    assert post(shared_stack, echo("a", task_id="key-1"), **key).status_code == 200
    assert conflict(post(shared_stack, echo("a", task_id="key-2"), **key))
    assert shared_stack.http.get("/v1/tasks/key-2").status_code == 404


@pytest.mark.parametrize(
    ("body", "headers"),
    [(echo("a", task_id="crowd"), {}), (echo("a"), {"Idempotency-Key": "crowd"})],
    ids=["task_id", "Idempotency-Key"],
)
def test_of_twenty_posts_at_once_one_makes_the_task(
    shared_stack: Stack, body: dict[str, Any], headers: dict[str, str]
) -> None:
    answers = at_once(20, lambda _: post(shared_stack, body, **headers))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [202]
    (task_id,) = {answer.json()["task_id"] for answer in answers}
    assert shared_stack.wait_for(task_id)["status"] == "SUCCESS"


def test_of_twenty_different_posts_for_one_id_one_wins(shared_stack: Stack) -> None:
    answers = at_once(20, lambda number: post(shared_stack, echo(str(number), task_id="race")))
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [202] + [409] * 19
    won = shared_stack.wait_for("race")["stages"]["testing.echo"]["output"]
    assert won == {"text": str(statuses.index(202))}


def at_once(count: int, call: Callable[[int], httpx.Response]) -> list[httpx.Response]:
    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(call, range(count)))


# ---- Prefer: wait ----


def test_who_waits_gets_the_finished_context(shared_stack: Stack) -> None:
    answer = post(shared_stack, echo("quick"), Prefer="respond-async, wait=5")
    assert (answer.status_code, answer.headers["preference-applied"]) == (200, "wait")
    context = answer.json()
    assert (context["status"], context["stages"]["testing.echo"]["output"]) == ("SUCCESS", {"text": "quick"})
    assert answer.headers["location"] == f"/v1/tasks/{context['task_id']}"


def test_who_waits_gets_a_failure_as_well(shared_stack: Stack) -> None:
    answer = post(shared_stack, {"task_name": "testing.fail", "input_data": {"kind": "input"}}, Prefer="wait=5")
    assert (answer.status_code, answer.json()["status"]) == (200, "FAILED")


def test_a_task_that_takes_longer_is_accepted_as_it_stands(shared_stack: Stack) -> None:
    answer = post(shared_stack, SLOW, Prefer="wait=1")
    assert (answer.status_code, answer.json()["status"]) == (202, "RUNNING")
    assert "preference-applied" not in answer.headers
    shared_stack.http.post(f"/v1/tasks/{answer.json()['task_id']}/cancel")


def test_waiting_for_a_finished_task_answers_at_once(shared_stack: Stack) -> None:
    body = echo("a", task_id="waited")
    assert post(shared_stack, body, Prefer="wait=5").status_code == 200
    assert post(shared_stack, body, Prefer="wait=5").json()["status"] == "SUCCESS"


@pytest.mark.parametrize("part", ["status", "result"])
def test_who_waits_for_status_or_result_gets_it_when_the_task_has_ended(shared_stack: Stack, part: str) -> None:
    task_id = shared_stack.submit("testing.work", {"seconds": 2})
    answer = shared_stack.http.get(f"/v1/tasks/{task_id}/{part}", headers={"Prefer": "wait=25"})
    assert (answer.status_code, answer.json()["status"]) == (200, "SUCCESS")
    assert answer.headers["preference-applied"] == "wait"


@pytest.mark.parametrize(("part", "status"), [("status", 200), ("result", 202)])
def test_who_waits_too_shortly_gets_it_as_it_stands(shared_stack: Stack, part: str, status: int) -> None:
    task_id = shared_stack.submit(SLOW["task_name"], SLOW["input_data"])
    begin = monotonic()
    answer = shared_stack.http.get(f"/v1/tasks/{task_id}/{part}", headers={"Prefer": "wait=1"})
    assert (answer.status_code, answer.json()["status"] in {"PENDING", "RUNNING"}) == (status, True)
    assert monotonic() - begin >= 1
    assert "preference-applied" not in answer.headers
    shared_stack.http.post(f"/v1/tasks/{task_id}/cancel")


def test_who_waits_for_a_task_that_is_cancelled_learns_it(shared_stack: Stack) -> None:
    task_id = shared_stack.submit("testing.work", {"seconds": 60})
    with ThreadPoolExecutor(1) as threads:
        path, headers = f"/v1/tasks/{task_id}/result", {"Prefer": "wait=25"}
        answer = threads.submit(shared_stack.http.get, path, headers=headers)
        shared_stack.http.post(f"/v1/tasks/{task_id}/cancel")
        assert answer.result().json()["status"] == "CANCELLED"


@pytest.mark.parametrize("prefer", ["wait=0", "respond-async", "waiting=5", "wait=", "wait=-5", "", "wait=x"])
def test_any_other_preference_waits_for_nothing(shared_stack: Stack, prefer: str) -> None:
    assert post(shared_stack, echo("a"), Prefer=prefer).status_code == 202


@pytest.mark.parametrize("seconds", ["600", "9999999999999", "9" * 5_000])
def test_waiting_is_bounded(stack_with_short_wait: Stack, seconds: str) -> None:
    begin = monotonic()
    answer = post(stack_with_short_wait, SLOW, Prefer=f"wait={seconds}")
    assert (answer.status_code, answer.json()["status"]) == (202, "PENDING")
    assert monotonic() - begin >= 0.3


@pytest.fixture(scope="module")
def stack_with_short_wait(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with Stack(tmp_path_factory.mktemp("short")) as short:
        short.gateway(BATON_GATEWAY__MAX_WAIT="0.3", BATON_TASKS__MAX_PENDING="4")
        yield short


def test_a_full_queue_says_when_to_come_back(stack_with_short_wait: Stack) -> None:
    answers = [post(stack_with_short_wait, echo(str(number))) for number in range(5)]
    assert (answers[-1].status_code, answers[-1].json()["code"]) == (429, "queue_full")
    assert int(answers[-1].headers["retry-after"]) > 0
    assert stack_with_short_wait.redis.client.zcard("tasks:index:PENDING") == 4
