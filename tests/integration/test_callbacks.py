"""The end of a task reaches its callback: signed, retried, recorded, and kept secret where it must be."""

import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.client import HTTPConnection
from select import select
from typing import Any

import httpx
import pytest
from pydantic_core import to_json
from standardwebhooks.webhooks import Webhook

from tests.support.ports import free_port
from tests.support.receiver import Answer, Receiver, Seen
from tests.support.stack import QUICK, Stack, kill_tree
from tests.support.waiting import wait_until

pytestmark = pytest.mark.redis

TIMEOUT_S = 2
RESUME = "?signature=a%2Fb%3D&x=%7E|{}"
ECHO = ("testing.echo", {"text": "hello"})


@pytest.fixture(scope="module")
def callback_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway that waits only shortly for receivers, and a worker."""
    with Stack(tmp_path_factory.mktemp("stack"), BATON_CALLBACKS__TIMEOUT=str(TIMEOUT_S)) as stack:
        stack.gateway(BATON_LOG__LEVEL="debug")
        stack.worker()
        yield stack


def ledger(stack: Stack, task_id: str) -> list[dict[str, Any]]:
    answer = stack.http.get(f"/v1/tasks/{task_id}/deliveries")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["deliveries"]
    return found


def wait_for_tries(stack: Stack, task_id: str, count: int = 1) -> list[dict[str, Any]]:
    """Return the ledger once it has this many tries, of which the last is the last."""
    wait_until(
        lambda: (tries := ledger(stack, task_id)) and len(tries) >= count and not tries[-1]["next_try_at"],
        timeout=60,  # a try whose gateway was killed is made again when its lease is over
    )
    return ledger(stack, task_id)


def statuses(tries: list[dict[str, Any]]) -> list[int | None]:
    return [delivery["status_code"] for delivery in tries]


def is_same_message(seen: list[Seen]) -> bool:
    return len({(request.id, request.body) for request in seen}) == 1


def age_first_try(stack: Stack, message_id: str, seconds: int) -> None:
    """Move a message's first try into the past."""
    key = f"callbacks:message:{message_id}"
    stack.redis.client.hincrby(key, "first_us", -seconds * 1_000_000)


# ---- what is sent ----


def test_a_finished_task_is_posted_signed_with_its_whole_context(callback_stack: Stack) -> None:
    with Receiver() as receiver:
        task_id = callback_stack.submit(*ECHO, callback=receiver.url)
        [seen] = receiver.wait_for(1)
        Webhook(QUICK["BATON_CALLBACKS__SECRET"]).verify(seen.body, seen.headers)
        assert seen.method == "POST"
        assert seen.headers["content-type"] == "application/json"
        context = callback_stack.wait_for(task_id)
        assert seen.json["type"] == "task.completed"
        assert seen.json["data"] == context
        assert (seen.json["task_id"], seen.json["status"]) == (task_id, "SUCCESS")
        assert seen.json["result"] == {"text": "hello"}
        assert seen.json["timestamp"].endswith("Z")


def test_a_signature_does_not_fit_another_body(callback_stack: Stack) -> None:
    with Receiver() as receiver:
        callback_stack.submit(*ECHO, callback=receiver.url)
        [seen] = receiver.wait_for(1)
        with pytest.raises(Exception, match="No matching signature"):
            Webhook(QUICK["BATON_CALLBACKS__SECRET"]).verify(seen.body + b" ", seen.headers)


def test_failed_and_cancelled_tasks_say_so(callback_stack: Stack) -> None:
    with Receiver() as receiver:
        failed = callback_stack.submit("testing.fail", {"failures": 9, "kind": "input"}, callback=receiver.url)
        callback_stack.wait_for(failed)
        running = callback_stack.submit("testing.work", {"seconds": 60}, callback=receiver.url)
        waiting = callback_stack.submit(*ECHO, callback=receiver.url)
        callback_stack.wait_for(running, "RUNNING")
        for task_id in (waiting, running):
            callback_stack.http.post(f"/v1/tasks/{task_id}/cancel")
        told = {seen.json["task_id"]: seen.json for seen in receiver.wait_for(3)}
        assert told[failed]["type"] == "task.failed"
        assert told[failed]["data"]["error"]["code"] == "invalid_input"
        assert [told[task_id]["type"] for task_id in (running, waiting)] == ["task.cancelled"] * 2
        assert [told[task_id]["status"] for task_id in (running, waiting)] == ["CANCELLED"] * 2


def test_only_the_events_that_were_asked_for_are_sent(callback_stack: Stack) -> None:
    with Receiver() as receiver:
        only_failures = {"url": receiver.url, "events": ["task.failed"]}
        quiet = callback_stack.submit(*ECHO, callback=only_failures)
        callback_stack.wait_for(quiet)
        loud = callback_stack.submit("testing.fail", {"failures": 9, "kind": "input"}, callback=only_failures)
        [seen] = receiver.wait_for(1)
        assert seen.json["task_id"] == loud
        assert ledger(callback_stack, quiet) == []


def test_a_retried_task_calls_back_again_as_another_message(callback_stack: Stack) -> None:
    with Receiver() as receiver:
        task_id = callback_stack.submit("testing.fail", {"failures": 1, "kind": "input"}, callback=receiver.url)
        receiver.wait_for(1)
        callback_stack.http.post(f"/v1/tasks/{task_id}/retry")
        first, second = receiver.wait_for(2)
        assert [first.json["type"], second.json["type"]] == ["task.failed", "task.completed"]
        assert first.id != second.id


def test_a_task_id_used_again_after_its_removal_is_another_message(callback_stack: Stack) -> None:
    with Receiver() as receiver:
        for count in (1, 2):
            callback_stack.submit(*ECHO, callback=receiver.url, task_id="used-twice")
            receiver.wait_for(count)
            callback_stack.wait_for("used-twice")
            assert callback_stack.http.delete("/v1/tasks/used-twice").status_code == 204
        first, second = receiver.seen
        assert first.id != second.id


def test_custom_headers_are_sent(callback_stack: Stack) -> None:
    with Receiver() as receiver:
        headers = {"X-N8N-Key": "s3cret", "Authorization": "Bearer abc", "accept-encoding": "br"}
        task_id = callback_stack.submit(*ECHO, callback={"url": receiver.url, "headers": headers})
        [seen] = receiver.wait_for(1)
        assert {name.lower(): value for name, value in headers.items()}.items() <= seen.headers.items()
        assert "s3cret" not in callback_stack.http.get(f"/v1/tasks/{task_id}").text


@pytest.mark.parametrize(
    "header", [{"X": " a"}, {"X": "ü"}, {"X": "a\nb"}, {"a b": ""}, {"Webhook-Id": "1"}, {"host": "x"}]
)
def test_a_header_that_cannot_be_sent_is_refused(callback_stack: Stack, header: dict[str, str]) -> None:
    body = {"task_name": ECHO[0], "input_data": {}, "callback": {"url": "http://127.0.0.1/", "headers": header}}
    answer = callback_stack.http.post("/v1/tasks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


def test_the_url_goes_out_byte_for_byte_and_is_shown_nowhere(callback_stack: Stack) -> None:
    with Receiver(500, 200) as receiver:
        task_id = callback_stack.submit(*ECHO, callback=receiver.url + RESUME)
        seen = receiver.wait_for(2)
        assert {request.target for request in seen} == {"/hook" + RESUME}
        wait_for_tries(callback_stack, task_id, 2)
        shown = [
            callback_stack.http.get(f"/v1/tasks/{task_id}{path}").text
            for path in ("", "/status", "/result", "/deliveries")
        ]
        shown += [
            callback_stack.http.get("/v1/tasks").text,
            callback_stack.read_log("gateway"),
            callback_stack.read_log("worker"),
            seen[0].body.decode(),
        ]
        secrets = ("a%2Fb", "%7E|", "signature=")
        assert not [text for text in shown for secret in secrets if secret in text]
        assert callback_stack.read(task_id)["input_params"]["callback"]["url"] == receiver.url


# ---- how answers are taken ----


@pytest.mark.parametrize(
    "script",
    [
        pytest.param((409, 409, 409, 200), id="n8n is not waiting yet"),
        pytest.param((500, 200), id="an error of its own"),
        pytest.param((408, 200), id="too slow for itself"),
        pytest.param((425, 200), id="too early"),
        pytest.param((Answer(silent=True), 200), id="cut before the status"),
    ],
)
def test_a_passing_failure_is_tried_again_with_the_same_message(
    callback_stack: Stack, script: tuple[Answer | int, ...]
) -> None:
    with Receiver(*script) as receiver:
        task_id = callback_stack.submit(*ECHO, callback=receiver.url)
        tries = wait_for_tries(callback_stack, task_id, len(script))
        assert statuses(tries) == [item if isinstance(item, int) else None for item in script]
        assert [delivery["n"] for delivery in tries] == list(range(1, len(script) + 1))
        assert all(delivery["next_try_at"] for delivery in tries[:-1])
        assert is_same_message(receiver.seen)
        assert len(receiver.seen) == len(script)


@pytest.mark.parametrize("status", [204, 301, 308, 400, 401, 410, 422])
def test_any_other_answer_is_final(callback_stack: Stack, status: int) -> None:
    with Receiver() as elsewhere, Receiver(Answer(status, {"Location": elsewhere.url}, body=b"")) as receiver:
        task_id = callback_stack.submit(*ECHO, callback=receiver.url)
        assert statuses(wait_for_tries(callback_stack, task_id)) == [status]
        callback_stack.wait_for(callback_stack.submit(*ECHO))
        assert [request.method for request in receiver.seen] == ["POST"]
        assert elsewhere.seen == []


def test_a_redirect_to_a_name_that_cannot_be_is_a_try_like_any_other(callback_stack: Stack) -> None:
    with Receiver(Answer(302, {"Location": "http://xn--localhost/"}, body=b""), 200) as receiver:
        task_id = callback_stack.submit(*ECHO, callback=receiver.url)
        first, second = wait_for_tries(callback_stack, task_id, 2)
        assert "redirects to a host name that is not valid" in first["error"]
        assert second["status_code"] == 200
        assert "callback_crashed" not in callback_stack.read_log("gateway")


def test_a_conflict_for_ever_is_given_up_after_the_first_minute(callback_stack: Stack) -> None:
    with Receiver(409) as receiver:
        task_id = callback_stack.submit(*ECHO, callback=receiver.url)
        tries = wait_until(lambda: ledger(callback_stack, task_id))
        age_first_try(callback_stack, tries[0]["message_id"], 60)
        tries = wait_for_tries(callback_stack, task_id)
        assert set(statuses(tries)) == {409}
        assert len(receiver.seen) == len(tries) <= 3


def test_a_callback_that_comes_before_n8n_waits_for_it_is_planned_again_at_once(callback_stack: Stack) -> None:
    running = Answer(409, body=b'{"code":409,"message":"The execution \\"39\\" is running already."}')
    with Receiver(running, 200) as receiver:
        first, second = wait_for_tries(callback_stack, callback_stack.submit(*ECHO, callback=receiver.url), 2)
        assert "is running already" in first["answer"]
        assert planned_pause(first) < timedelta(seconds=0.5)  # 0.25 s, on a busy machine
        assert second["status_code"] == 200


def planned_pause(tried: dict[str, Any]) -> timedelta:
    """Return the pause between the end of a try and the next one, as it was planned."""
    ended = datetime.fromisoformat(tried["at"]) + timedelta(seconds=tried["duration"])
    return datetime.fromisoformat(tried["next_try_at"]) - ended


def test_retry_after_is_honoured(callback_stack: Stack) -> None:
    with Receiver(Answer(429, {"Retry-After": "2"}), 200) as receiver:
        task_id = callback_stack.submit(*ECHO, callback=receiver.url)
        first, second = receiver.wait_for(2)
        assert second.at - first.at >= 2
        assert statuses(wait_for_tries(callback_stack, task_id, 2)) == [429, 200]


def test_a_receiver_that_is_down_gets_it_when_it_is_up(callback_stack: Stack) -> None:
    receiver = Receiver()
    task_id = callback_stack.submit(*ECHO, callback=receiver.url)
    tries = wait_until(lambda: (found := ledger(callback_stack, task_id))[1:] and found)
    assert all("ConnectError" in delivery["error"] and delivery["status_code"] is None for delivery in tries)
    with receiver:
        receiver.wait_for(1)
        assert wait_for_tries(callback_stack, task_id, 3)[-1]["status_code"] == 200
        assert {delivery["message_id"] for delivery in ledger(callback_stack, task_id)} == {receiver.seen[0].id}


def test_a_receiver_that_is_too_slow_gets_it_again(callback_stack: Stack) -> None:
    with Receiver(Answer(delay=TIMEOUT_S * 3), 200) as receiver:
        task_id = callback_stack.submit(*ECHO, callback=receiver.url)
        slow, quick = wait_for_tries(callback_stack, task_id, 2)
        assert slow["error"] == f"no answer within {TIMEOUT_S} s"
        assert slow["duration"] >= TIMEOUT_S
        assert quick["status_code"] == 200
        assert is_same_message(receiver.seen)


def test_an_answer_cut_off_after_its_status_counts(callback_stack: Stack) -> None:
    with Receiver(Answer(200, cut=True)) as receiver:
        task_id = callback_stack.submit(*ECHO, callback=receiver.url)
        [tried] = wait_for_tries(callback_stack, task_id)
        assert (tried["status_code"], tried["answer"]) == (200, "thanks")


def test_a_huge_answer_is_not_read_whole(callback_stack: Stack) -> None:
    with Receiver(Answer(200, body=b"so much to say: ", endless=True)) as receiver:
        task_id = callback_stack.submit(*ECHO, callback=receiver.url)
        [tried] = wait_for_tries(callback_stack, task_id)
        assert tried["status_code"] == 200
        assert len(tried["answer"]) <= 500
        assert tried["answer"].startswith("so much to say: ")
        assert receiver.sent_bytes < 32 << 20  # what the sockets' buffers took


# ---- the ledger ----


def test_a_replay_sends_the_same_message_again(callback_stack: Stack) -> None:
    with Receiver(410, 500, 200) as receiver:
        task_id = callback_stack.submit(*ECHO, callback=receiver.url)
        wait_for_tries(callback_stack, task_id)
        answer = callback_stack.http.post(f"/v1/tasks/{task_id}/deliveries/1/replay")
        assert (answer.status_code, answer.json()["n"]) == (202, 1)
        assert statuses(wait_for_tries(callback_stack, task_id, 3)) == [410, 500, 200]
        assert is_same_message(receiver.seen)


@pytest.mark.parametrize("n", [2, 999_999])
def test_an_unknown_delivery_cannot_be_replayed(callback_stack: Stack, n: int) -> None:
    with Receiver() as receiver:
        task_id = callback_stack.submit(*ECHO, callback=receiver.url)
        wait_for_tries(callback_stack, task_id)
        answer = callback_stack.http.post(f"/v1/tasks/{task_id}/deliveries/{n}/replay")
        assert (answer.status_code, answer.json()["code"]) == (404, "delivery_not_found")
        assert callback_stack.http.post(f"/v1/tasks/none/deliveries/{n}/replay").json()["code"] == "task_not_found"


def test_a_try_says_what_happened(callback_stack: Stack) -> None:
    with Receiver(Answer(503, body="später".encode()), 200) as receiver:
        task_id = callback_stack.submit(*ECHO, callback=receiver.url)
        first, second = wait_for_tries(callback_stack, task_id, 2)
        assert (first["type"], first["url"], first["answer"]) == ("task.completed", receiver.url, "später")
        assert first["at"] < first["next_try_at"] < second["at"] < second["at"] + "~"
        assert second["next_try_at"] is None
        assert second["error"] is None


# ---- which targets ----


@pytest.mark.parametrize("host", ["10.0.0.1", "[::1]", "0x7f.2", "169.254.169.254"])
def test_a_private_target_is_refused_at_submission(callback_stack: Stack, host: str) -> None:
    body = {"task_name": ECHO[0], "input_data": {}, "callback": f"http://{host}/hook?key=secret"}
    answer = callback_stack.http.post("/v1/tasks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "callback_not_allowed")
    assert ("callbacks.allow" in answer.text) == (host != "169.254.169.254")
    assert "key=secret" not in answer.text


def test_a_target_no_longer_allowed_is_not_reached(stack: Stack) -> None:
    gateway = stack.gateway()
    with Receiver() as receiver:
        task_id = stack.submit(*ECHO, callback=receiver.url)
        kill_tree(gateway.pid)
        stack.gateway(BATON_CALLBACKS__ALLOWED_HOSTS="[]")
        stack.worker()
        [tried] = wait_for_tries(stack, task_id)
        assert tried["status_code"] is None
        assert "callbacks.allowed_hosts" in tried["error"]
        assert receiver.seen == []


# ---- faults ----


def test_a_gateway_killed_between_two_tries_delivers_after_its_restart(stack: Stack) -> None:
    gateway = stack.gateway()
    stack.worker()
    with Receiver(500, Answer(500, {"Retry-After": "3"}), 200) as receiver:
        task_id = stack.submit(*ECHO, callback=receiver.url)
        wait_until(lambda: len(ledger(stack, task_id)) == 2)
        gateway.send_signal(signal.SIGKILL)
        gateway.wait()
        stack.gateway()
        wait_for_tries(stack, task_id, 3)
        assert is_same_message(receiver.seen)


def test_a_gateway_killed_in_the_middle_of_a_try_makes_it_again(stack: Stack) -> None:
    gateway = stack.gateway(BATON_CALLBACKS__TIMEOUT="1")
    stack.worker()
    with Receiver(Answer(delay=60), 200) as receiver:
        task_id = stack.submit(*ECHO, callback=receiver.url)
        receiver.wait_for(1)
        gateway.send_signal(signal.SIGKILL)
        gateway.wait()
        stack.gateway()
        receiver.wait_for(2, timeout=30)
        assert statuses(wait_for_tries(stack, task_id)) == [200]
        assert is_same_message(receiver.seen)
        receiver.released.set()


def test_a_worker_that_dies_after_the_end_changes_nothing(stack: Stack) -> None:
    stack.gateway()
    worker = stack.worker()
    receiver = Receiver()
    task_id = stack.submit(*ECHO, callback=receiver.url)
    stack.wait_for(task_id)
    kill_tree(worker.pid)
    with receiver:
        assert wait_for_tries(stack, task_id)[-1]["status_code"] == 200


def test_two_gateways_deliver_each_message_once(stack: Stack) -> None:
    stack.gateway()
    second = free_port()
    stack.gateway(BATON_GATEWAY__PORT=str(second))
    wait_until(lambda: answers(second))
    stack.worker()
    with Receiver(Answer(delay=0.2)) as receiver:
        ids = {stack.submit(*ECHO, callback=receiver.url) for _ in range(60)}
        wait_until(lambda: not stack.redis.client.zcard("callbacks:outbox") and len(receiver.seen) >= len(ids))
        assert sorted(seen.json["task_id"] for seen in receiver.seen) == sorted(ids)


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/ready", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def test_a_redis_that_goes_away_during_a_try_does_not_double_it(stack: Stack) -> None:
    stack.gateway()
    stack.worker()
    with Receiver(Answer(delay=1.5)) as receiver:
        task_id = stack.submit(*ECHO, callback=receiver.url)
        receiver.wait_for(1)
        stack.redis.kill()
        wait_until(lambda: "courier_without_redis" in stack.read_log("gateway"))
        wait_until(lambda: receiver.answered == 1)
        stack.redis.start()
        assert statuses(wait_for_tries(stack, task_id)) == [200]
        assert len(receiver.seen) == 1


# ---- order ----


def test_no_callback_comes_before_the_202(callback_stack: Stack) -> None:
    """When a callback arrives, the 202 of its task already lies in the client's socket."""
    clients: dict[str, HTTPConnection] = {
        f"quick-{n}": HTTPConnection("127.0.0.1", callback_stack.port) for n in range(100)
    }
    early: list[str] = []

    def look(seen: Seen) -> None:
        task_id = seen.json["task_id"]
        if not select([clients[task_id].sock], [], [], 0)[0]:
            early.append(task_id)

    with Receiver(on_request=look) as receiver:
        for task_id, client in clients.items():
            body = {"task_name": ECHO[0], "input_data": {}, "task_id": task_id, "callback": receiver.url}
            client.request("POST", "/v1/tasks", to_json(body), {"Content-Type": "application/json"})
        seen = receiver.wait_for(len(clients))
        assert {client.getresponse().status for client in clients.values()} == {202}
        assert early == []
        assert {request.method for request in seen} == {"POST"}
    for client in clients.values():
        client.close()
