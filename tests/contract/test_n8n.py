"""The workflow of docs/n8n sends what the gateway takes, and reads what it answers.

Its few expressions are put in by hand here; that n8n itself runs it was seen with the real one (docs/n8n/README.md).
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any

import pytest

from api_gateway.app import create_app
from services import catalog, settings
from tests.support.receiver import Receiver
from tests.support.stack import ROOT, Stack

WORKFLOW: dict[str, Any] = json.loads((ROOT / "docs/n8n/baton-subtitles.json").read_text(encoding="utf-8"))
NODES: dict[str, dict[str, Any]] = {node["name"]: node for node in WORKFLOW["nodes"]}
VIDEO = ROOT / "tests/fixtures/sample.mp4"
EXPRESSION = re.compile(r"\{\{ (.+?) \}\}")
OF_ANOTHER_NODE = re.compile(r"\$\('(.+?)'\)\.item\.json\.(\w+)")
OF_THE_ANSWER = re.compile(r"\$json((?:\.\w+)+)")


def parameters(node: str) -> dict[str, Any]:
    found: dict[str, Any] = NODES[node]["parameters"]
    return found


def next_nodes(node: str) -> list[str]:
    return [to["node"] for output in WORKFLOW["connections"].get(node, {}).get("main", []) for to in output]


def strings(value: Any) -> Iterator[str]:
    """Yield every text in nested parameters."""
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(inner)


def set_values() -> dict[str, str]:
    """Return what the node Settings gives to the others."""
    return {
        assignment["name"]: assignment["value"] for assignment in parameters("Settings")["assignments"]["assignments"]
    }


def render(template: str, values: Mapping[str, str]) -> str:
    """Put values for n8n's expressions; one that is not known here fails."""
    assert template.startswith("="), "without it n8n takes the text as it stands"
    return EXPRESSION.sub(lambda found: values[found[1]], template[1:])


def sent_headers() -> dict[str, str]:
    """Return the headers that the node `Submit the task` sends."""
    values = {"$execution.id": "39", "$runIndex": "2"}
    given = parameters("Submit the task")["headerParameters"]["parameters"]
    return {assignment["name"]: render(assignment["value"], values) for assignment in given}


def posted_body(input_data: dict[str, Any], callback: str, task_name: str) -> dict[str, Any]:
    """Return the body that the node `Submit the task` sends."""
    values = {
        "$json.task_name": task_name,
        "JSON.stringify($('Webhook').item.json.body)": json.dumps(input_data),
        "$execution.resumeUrl": callback,
    }
    body: dict[str, Any] = json.loads(render(parameters("Submit the task")["jsonBody"], values))
    return body


# ---- its form ----


def test_every_node_is_reached_from_the_webhook() -> None:
    reached, waiting = set(), ["Webhook"]
    while waiting:
        reached.add(node := waiting.pop())
        waiting += [name for name in next_nodes(node) if name not in reached]
    assert reached == {name for name, node in NODES.items() if not node["type"].endswith(".stickyNote")}
    assert len({node["id"] for node in WORKFLOW["nodes"]}) == len(WORKFLOW["nodes"])


def test_it_holds_nothing_of_whoever_made_it() -> None:
    assert not any("credentials" in node for node in WORKFLOW["nodes"])
    assert (WORKFLOW["active"], WORKFLOW["pinData"]) == (False, {})


def test_the_wait_node_takes_a_post_and_does_not_wait_for_ever() -> None:
    wait = parameters("Wait for the callback")
    assert (wait["resume"], wait["httpMethod"]) == ("webhook", "POST")  # GET is what n8n takes where nothing is said
    assert wait["limitWaitTime"] is True
    assert NODES["Wait for the callback"]["webhookId"]


def test_the_wait_comes_right_after_the_submission_and_the_result_is_asked_for_after_the_wait() -> None:
    assert next_nodes("Submit the task") == ["Wait for the callback"]
    assert next_nodes("Wait for the callback") == ["Ask for the result"]
    assert next_nodes("Ask for the result") == ["How did it end?"]
    assert next_nodes("How did it end?") == ["Get the subtitles", "Say why not", "Wait for the callback"]
    assert parameters("How did it end?")["output"] == "={{ $json.status === 'SUCCESS' ? 0 : $json.error ? 1 : 2 }}"


@pytest.mark.parametrize("node", ["Submit the task", "Ask for the result", "Get the subtitles"])
def test_whatever_asks_the_gateway_survives_its_restart(node: str) -> None:
    assert NODES[node]["retryOnFail"]
    assert NODES[node]["maxTries"] * NODES[node]["waitBetweenTries"] >= 20_000


def test_a_submission_that_is_tried_again_is_the_same_task_and_each_item_has_its_own() -> None:
    assert sent_headers() == {"Idempotency-Key": "n8n-39-2"}


def test_several_items_are_done_one_after_the_other() -> None:
    """Together they would be several tasks with one resume URL: the first callback would end the wait for all."""
    assert parameters("Loop Over Items")["batchSize"] == 1
    assert next_nodes("Settings") == ["Loop Over Items"]
    assert next_nodes("Loop Over Items") == ["All are done", "Submit the task"]  # its outputs are "done" and "loop"
    assert next_nodes("Get the subtitles") == ["Loop Over Items"]


def test_what_a_node_reads_of_another_is_set_there() -> None:
    for node in NODES.values():
        for other, member in OF_ANOTHER_NODE.findall(" ".join(strings(node["parameters"]))):
            assert member in {"Settings": set_values(), "Webhook": ["body"], "Submit the task": ["task_id"]}[other]


# ---- what it asks of the gateway ----


def test_its_addresses_are_in_the_openapi_document() -> None:
    paths = create_app(settings(), catalog()).openapi()["paths"]
    base, task_id = "$('Settings').item.json.baton_url", "$('Submit the task').item.json.task_id"
    values = {"$json.baton_url": "", base: "", task_id: "{task_id}", "$json.task_id": "{task_id}"}
    assert "post" in paths[render(parameters("Submit the task")["url"], values)]
    assert "get" in paths[render(parameters("Ask for the result")["url"], values)]
    path, _, query = render(parameters("Get the subtitles")["url"], values).partition("?")
    assert query == "format=srt"
    assert "format" in {parameter["name"] for parameter in paths[path]["get"]["parameters"]}
    assert set_values()["task_name"] in catalog()


def test_what_it_posts_of_a_video_is_taken(shared_stack: Stack) -> None:
    with VIDEO.open("rb") as video:
        file = shared_stack.http.post("/v1/files", files={"file": video}).json()["id"]
    with Receiver() as receiver:
        given = {"audio_path": file, "language": "en"}
        body = posted_body(given, receiver.url, set_values()["task_name"])
        answers = [shared_stack.http.post("/v1/tasks", json=body, headers=sent_headers()) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 200]
    assert len({answer.json()["task_id"] for answer in answers}) == 1


@pytest.mark.parametrize(("failures", "status"), [(0, "SUCCESS"), (9, "FAILED")])
def test_when_it_is_called_back_the_result_says_how_it_ended(shared_stack: Stack, failures: int, status: str) -> None:
    with Receiver() as receiver:
        body = posted_body({"failures": failures, "kind": "input"}, receiver.url, "testing.fail")
        task_id = shared_stack.http.post("/v1/tasks", json=body).json()["task_id"]
        receiver.wait_for(1)
        answer = shared_stack.http.get(f"/v1/tasks/{task_id}/result")
    assert (answer.status_code, answer.json()["status"]) == (200, status)
    assert ("error" in answer.json()) == (status == "FAILED")  # n8n 1 takes even `"error": null` for a failure
    needed = ["status", "task_id"] if status == "SUCCESS" else ["status", "error", "error.message"]
    for path in needed:
        reduce(dict.__getitem__, path.split("."), answer.json())
    assert set(needed) <= paths_read_of_result() <= {"status", "error", "task_id", "error.message"}


def test_while_it_runs_the_result_has_no_error(shared_stack: Stack) -> None:
    with Receiver() as receiver:
        body = posted_body({"seconds": 60}, receiver.url, "testing.work")
        task_id = shared_stack.http.post("/v1/tasks", json=body).json()["task_id"]
        answer = shared_stack.http.get(f"/v1/tasks/{task_id}/result")
        assert answer.status_code == 202  # which n8n takes for a success too
        assert "error" not in answer.json()
        assert answer.json()["status"] != "SUCCESS"
        shared_stack.http.post(f"/v1/tasks/{task_id}/cancel")
        [seen] = receiver.wait_for(1)
    assert seen.json["type"] == "task.cancelled"
    assert shared_stack.http.get(f"/v1/tasks/{task_id}/result").json()["error"]["message"]


def paths_read_of_result() -> set[str]:
    """Return what the nodes after `Ask for the result` read of it, as dotted paths."""
    after = ("How did it end?", "Get the subtitles", "Say why not")
    found = OF_THE_ANSWER.findall(" ".join(text for node in after for text in strings(parameters(node))))
    return {path.removeprefix(".") for path in found}
