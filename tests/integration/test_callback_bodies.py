"""What a callback says, and where its secrets are: nowhere in clear, and gone when they are not needed any more."""

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from common.state.javascript_json import dumps
from common.state.messages import Message
from tests.support.receiver import Receiver
from tests.support.stack import Stack
from tests.support.waiting import wait_until

ECHO = ("testing.echo", {"text": "hello"})
PUBLIC = "https://baton.localhost/sub"
OWN_SECRET = f"whsec_{b64encode(b'k' * 32).decode()}"
METADATA = {"row": 7, "ratio": 1.5, "tags": ["a", "é"], "nested": {"null": None, "on": True}, "whole": 100.0}
HIDDEN = ("t0ken-of-n8n", OWN_SECRET, "signature=abc")


@pytest.fixture(scope="module")
def callback_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack"), BATON_GATEWAY__PUBLIC_URL=f"{PUBLIC}/") as stack:
        stack.gateway(BATON_LOG__LEVEL="debug")
        stack.worker()
        yield stack


def callback(receiver: Receiver, **more: Any) -> dict[str, Any]:
    return {"url": f"{receiver.url}?signature=abc", "headers": {"X-Key": "t0ken-of-n8n"}, "secret": OWN_SECRET, **more}


def dump_redis(stack: Stack) -> str:
    """Return all that Redis holds, and its file."""
    client = stack.redis.client
    readers = {
        "hash": client.hgetall,
        "string": client.get,
        "stream": client.xrange,
        "zset": lambda key: client.zrange(key, 0, -1),
    }
    values = [str(readers[kind](key)) for key in client.scan_iter() if (kind := client.type(key)) in readers]
    files = [file.read_bytes().decode(errors="replace") for file in stack.redis.folder.rglob("*") if file.is_file()]
    return "\n".join(values + files)


# ---- the body ----


def test_output_and_result_are_the_same_and_there_is_no_error(callback_stack: Stack) -> None:
    with Receiver() as receiver:
        callback_stack.submit(*ECHO, callback=receiver.url)
        [seen] = receiver.wait_for(1)
        assert seen.json["output"] == seen.json["result"] == {"text": "hello"}
        assert "error" not in seen.json


def test_a_failure_has_its_error_at_the_top(callback_stack: Stack) -> None:
    with Receiver() as receiver:
        callback_stack.submit("testing.fail", {"failures": 9, "kind": "input"}, callback=receiver.url)
        [seen] = receiver.wait_for(1)
        assert seen.json["error"] == seen.json["data"]["error"]
        assert seen.json["error"]["code"] == "invalid_input"


def test_its_links_begin_with_the_public_url(callback_stack: Stack) -> None:
    with Receiver() as receiver:
        task_id = callback_stack.submit(*ECHO, callback=receiver.url)
        [seen] = receiver.wait_for(1)
        assert seen.json["links"]["self"] == f"{PUBLIC}/v1/tasks/{task_id}"
        assert seen.json["links"]["result"] == f"{PUBLIC}/v1/tasks/{task_id}/result"


def test_metadata_comes_back_untouched(callback_stack: Stack) -> None:
    with Receiver() as receiver:
        task_id = callback_stack.submit(*ECHO, callback=receiver.url, metadata=METADATA)
        [seen] = receiver.wait_for(1)
        assert seen.json["metadata"] == METADATA
        assert callback_stack.read(task_id)["input_params"]["metadata"] == METADATA


def test_metadata_is_bounded(callback_stack: Stack) -> None:
    body = {"task_name": ECHO[0], "input_data": ECHO[1], "metadata": {"text": "x" * 16_384}}
    answer = callback_stack.http.post("/v1/tasks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert "exceeds 16384 bytes" in answer.text


def test_a_thin_one_holds_neither_input_nor_output(callback_stack: Stack) -> None:
    with Receiver() as receiver:
        task_id = callback_stack.submit(*ECHO, callback={"url": receiver.url, "thin": True}, metadata={"row": 7})
        [seen] = receiver.wait_for(1)
        assert seen.json["data"] == {"task_id": task_id, "task_name": ECHO[0], "status": "SUCCESS"}
        assert (seen.json["task_id"], seen.json["metadata"]) == (task_id, {"row": 7})
        assert not {"result", "output"} & seen.json.keys()
        assert "hello" not in seen.body.decode()


def test_a_body_survives_being_parsed_and_written_again(callback_stack: Stack) -> None:
    with Receiver() as receiver:
        callback_stack.submit(*ECHO, callback=receiver.url, metadata=METADATA)
        [seen] = receiver.wait_for(1)
        assert b".0," not in seen.body
        assert b".0}" not in seen.body
        assert dumps(json.loads(seen.body)).encode() == seen.body


# ---- a secret of its own ----


def test_a_callback_with_a_secret_of_its_own_is_signed_by_it(callback_stack: Stack) -> None:
    with Receiver() as receiver:
        callback_stack.submit(*ECHO, callback=callback(receiver))
        [seen] = receiver.wait_for(1)
        Webhook(OWN_SECRET).verify(seen.body, seen.headers)
        assert seen.headers["x-key"] == "t0ken-of-n8n"
        assert seen.target == "/hook?signature=abc"


@pytest.mark.parametrize("secret", ["password", "whsec_c2VjcmV0", ""])
def test_what_is_no_secret_is_refused(callback_stack: Stack, secret: str) -> None:
    body = {"task_name": ECHO[0], "input_data": ECHO[1], "callback": {"url": "http://127.0.0.1/", "secret": secret}}
    answer = callback_stack.http.post("/v1/tasks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


def test_null_stands_for_no_secret_and_no_metadata(callback_stack: Stack) -> None:
    with Receiver() as receiver:
        callback_stack.submit(*ECHO, callback={"url": receiver.url, "secret": None}, metadata=None)
        [seen] = receiver.wait_for(1)
        Webhook(callback_stack.environment["BATON_CALLBACKS__SECRET"]).verify(seen.body, seen.headers)
        assert seen.json["metadata"] == {}


def test_a_gateway_that_could_not_encrypt_it_takes_no_secret(stack: Stack) -> None:
    del stack.environment["BATON_CALLBACKS__SECRET"]
    stack.gateway()
    body = {"task_name": ECHO[0], "input_data": ECHO[1], "callback": {"url": "http://127.0.0.1/", "secret": OWN_SECRET}}
    answer = stack.http.post("/v1/tasks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "callback_secret_refused")


# ---- where secrets are ----


def test_no_secret_of_a_callback_is_kept_in_clear_nor_shown(callback_stack: Stack) -> None:
    with Receiver(500) as receiver:
        task_id = callback_stack.submit(*ECHO, callback=callback(receiver))
        receiver.wait_for(2)
        paths = ("", "/status", "/result", "/deliveries")
        shown = [callback_stack.http.get(f"/v1/tasks/{task_id}{path}").text for path in paths]
        texts = [
            *shown,
            dump_redis(callback_stack),
            callback_stack.read_log("gateway"),
            callback_stack.read_log("worker"),
            receiver.seen[0].body.decode(),
        ]
        assert task_id in dump_redis(callback_stack)
        assert not [word for text in texts for word in HIDDEN if word in text]


def test_after_the_last_try_the_message_has_no_target_and_a_replay_has_it_again(callback_stack: Stack) -> None:
    with Receiver(410, 200) as receiver:
        task_id = callback_stack.submit(*ECHO, callback=callback(receiver))
        [first] = receiver.wait_for(1)
        wait_until(lambda: "next_try_at" in callback_stack.http.get(f"/v1/tasks/{task_id}/deliveries").text)
        message = Message.unpack(callback_stack.redis.client.hget(f"callbacks:message:{first.id}", "message"))
        assert (message.target.encrypted, message.target.headers) == (None, {})
        assert callback_stack.http.post(f"/v1/tasks/{task_id}/deliveries/1/replay").status_code == 202
        _, second = receiver.wait_for(2)
        Webhook(OWN_SECRET).verify(second.body, second.headers)
        assert (second.id, second.body, second.headers["x-key"]) == (first.id, first.body, "t0ken-of-n8n")


def test_removing_a_task_removes_its_callbacks(callback_stack: Stack) -> None:
    with Receiver(500) as receiver:
        task_id = callback_stack.submit("testing.fail", {"failures": 9, "kind": "input"}, callback=callback(receiver))
        callback_stack.wait_for(task_id)
        callback_stack.http.post(f"/v1/tasks/{task_id}/retry")
        wait_until(lambda: len({seen.id for seen in receiver.seen}) == 2)
        callback_stack.wait_for(task_id)
        messages = {seen.id for seen in receiver.seen}
        assert callback_stack.http.delete(f"/v1/tasks/{task_id}").status_code == 204
        wait_until(lambda: not messages & set(callback_stack.redis.client.zrange("callbacks:outbox", 0, -1)))
        count = len(receiver.seen)
        callback_stack.wait_for(callback_stack.submit(*ECHO))
        assert not list(callback_stack.redis.client.scan_iter(f"callbacks:*{task_id}*"))
        assert not [
            message for message in messages if callback_stack.redis.client.exists(f"callbacks:message:{message}")
        ]
        assert len(receiver.seen) <= count + 1  # a try that was under way


def test_a_task_removed_during_a_try_leaves_nothing_behind(callback_stack: Stack) -> None:
    removed = []

    def remove(seen: Any) -> None:
        removed.append(callback_stack.http.delete(f"/v1/tasks/{seen.json['task_id']}").status_code)

    with Receiver(500, on_request=remove) as receiver:
        task_id = callback_stack.submit(*ECHO, callback=callback(receiver))
        [seen] = receiver.wait_for(1)
        wait_until(lambda: seen.id not in callback_stack.redis.client.zrange("callbacks:outbox", 0, -1))
        wait_until(lambda: f'"task_id": "{task_id}"' in callback_stack.read_log("gateway"))
        assert removed == [204]
        assert not list(callback_stack.redis.client.scan_iter(f"callbacks:*{task_id}*"))
        assert not callback_stack.redis.client.exists(f"callbacks:message:{seen.id}")


def test_a_secret_that_was_changed_is_needed_once_more(stack: Stack) -> None:
    gateway = stack.gateway()
    receiver = Receiver()
    task_id = stack.submit(*ECHO, callback=callback(receiver))
    gateway.kill()
    gateway.wait()
    old = stack.environment["BATON_CALLBACKS__SECRET"]
    second = stack.gateway(BATON_CALLBACKS__SECRET=OWN_SECRET)
    stack.worker()
    with receiver:
        tries = wait_until(lambda: stack.http.get(f"/v1/tasks/{task_id}/deliveries").json()["deliveries"])
        assert "callbacks.old_secrets" in tries[0]["error"]
        assert tries[0]["next_try_at"]
        second.kill()
        second.wait()
        stack.gateway(BATON_CALLBACKS__SECRET=OWN_SECRET, BATON_CALLBACKS__OLD_SECRETS=json.dumps([old]))
        [seen] = receiver.wait_for(1, timeout=60)
        assert seen.headers["x-key"] == "t0ken-of-n8n"
