"""The llm tasks against a real OpenAI-compatible server, `transformers serve`, with a tiny model: make test-llm-server.

The model's weights are random, so what it says is noise: what is shown is that the protocol fits, that tokens are
counted as the server counts them, and that no noise moves a line.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen
from typing import Any

import httpx
import pytest

from tests.support.ports import free_port
from tests.support.stack import Stack, kill_tree
from tests.support.waiting import wait_until

FIXTURES = Path("tests/fixtures")
MODEL = (FIXTURES / "models/llm").resolve()
PATIENCE_S = 300

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the base URL of a running server."""
    port, log = free_port(), tmp_path_factory.mktemp("server") / "serve.log"
    program = Path(sys.executable).with_name("transformers")
    command = [str(program), "serve", "--host", "127.0.0.1", "--port", str(port), "--device", "cpu", str(MODEL)]
    with log.open("wb") as written:
        offline = {**os.environ, "HF_HUB_OFFLINE": "1"}  # noqa: TID251 - the server's own environment
        process = Popen(command, env=offline, stdin=DEVNULL, stdout=written, stderr=STDOUT)
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), timeout=PATIENCE_S)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        kill_tree(process.pid)
        process.wait()


@pytest.fixture(scope="module")
def llm_stack(tmp_path_factory: pytest.TempPathFactory, server: str) -> Iterator[Stack]:
    provider = {"base_url": server, "model": str(MODEL), "max_concurrency": 1, "max_output_tokens": 40}
    environment = {
        "BATON_LLM__PROVIDERS": json.dumps({"real": provider}),
        "BATON_LLM__DEFAULT_PROVIDER": "real",
        "BATON_LLM__BATCH_LINES": "10",
    }
    with Stack(tmp_path_factory.mktemp("asking"), **environment) as stack:
        (stack.share / "sample.srt").write_bytes((FIXTURES / "sample.srt").read_bytes())
        stack.gateway()
        stack.worker("llm")
        yield stack


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False


def output(stack: Stack, name: str, **given: Any) -> dict[str, Any]:
    stage = stack.wait_for(stack.submit(name, given), timeout=PATIENCE_S)["stages"][name]
    assert stage["status"] == "SUCCESS", stage["error"]
    found: dict[str, Any] = stage["output"]
    return found


def test_it_answers_and_its_tokens_are_counted(llm_stack: Stack) -> None:
    question = [{"role": "user", "content": "hello everyone"}]
    found = output(llm_stack, "llm.chat", messages=question, max_output_tokens=12, temperature=0)
    assert found["text"]
    assert found["finish_reason"] == "length"
    assert found["usage"]["output_tokens"] == 12
    assert found["usage"]["input_tokens"] > 0


def test_noise_for_an_answer_is_a_failure_that_quotes_it(llm_stack: Stack) -> None:
    given = {"transcript_path": "sample.srt", "target_language": "fr"}
    error = llm_stack.wait_for(llm_stack.submit("llm.translate_subtitles", given), timeout=PATIENCE_S)["error"]
    lines = (llm_stack.share / "sample.srt").read_text().count(" --> ")
    assert error["code"] == "answer_unusable"
    assert (error["detail"]["lines"], error["detail"]["fallback"] > lines / 2) == (lines, True)
    assert error["detail"]["reason"]


def test_what_the_server_refuses_is_told_with_the_model(llm_stack: Stack) -> None:
    question = [{"role": "user", "content": "hello"}]
    task_id = llm_stack.submit("llm.chat", {"messages": question, "model": "nobody/has-this"})
    error = llm_stack.wait_for(task_id, timeout=PATIENCE_S)["error"]
    assert error["code"] == "llm_request_refused"
    assert error["detail"]["model"] == "nobody/has-this"
