"""Requests to a server, and the reports about them."""

import asyncio
from typing import Any

import pytest
from billiard.exceptions import SoftTimeLimitExceeded
from pydantic import SecretStr

from common.worker.soft_limit import SoftLimit
from services.llm.concurrency import run_all
from services.llm.provider_errors import Failures, requested_pause
from services.llm.providers import Provider
from services.llm.replies import count_of, reply_of, without_reasoning
from services.llm.server_dialect import Dialect

SCHEMA: dict[str, Any] = {"type": "object"}


def provider(key: str) -> Provider:
    return Provider(base_url="http://127.0.0.1:9/v1", model="m", api_key=SecretStr(key))


def test_a_key_is_told_in_no_way_of_writing() -> None:
    failures = Failures("local", "m", provider("sk-1\n2"))
    assert failures.excerpt("bad sk-1\n2, or b'Bearer sk-1\\n2'") == "bad ***, or b'Bearer ***'"


def test_a_key_loses_the_end_of_its_line() -> None:
    key = provider(" sk-1\n").api_key
    assert key is not None
    assert key.get_secret_value() == "sk-1"


def test_a_refusal_that_names_a_way_of_asking_leads_to_a_simpler_one() -> None:
    dialect = Dialect("json_schema")
    simpler = dialect.adapt_to("'response_format' of type 'json_schema' is not supported")
    assert simpler.options(SCHEMA, None, None) == {"response_format": {"type": "json_object"}}
    simplest = simpler.adapt_to("response_format.type must be text")
    assert simplest.options(SCHEMA, 0.5, 7) == {"temperature": 0.5, "max_tokens": 7}
    assert simplest.adapt_to("response_format") is simplest
    assert dialect.adapt_to("Use 'max_completion_tokens' instead.").options(None, None, 7) == {
        "max_completion_tokens": 7
    }
    assert dialect.adapt_to("too many tokens") is dialect


@pytest.mark.parametrize("answer", [None, "<html>", [], {"choices": 3}])
def test_what_is_no_completion_has_no_text(answer: object) -> None:
    assert reply_of(answer).text == ""


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>Hm, </b> {</think>\n\nHello.", "Hello."),
        ("Hm.\n</think>Hello.", "Hello."),
        ("<think>Hm, and then", ""),
        ("Write <think> and </think> around it.", "Write <think> and </think> around it."),
        (
            "<|channel|>analysis<|message|>Hm<|end|><|start|>assistant<|channel|>final<|message|>Hello.<|return|>",
            "Hello.",
        ),
        ("plain", "plain"),
    ],
)
def test_an_answer_is_what_follows_the_reasoning(text: str, answer: str) -> None:
    assert without_reasoning(text) == answer


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"retry-after-ms": "900"}, 1), ({"retry-after-ms": "x", "retry-after": "3"}, 3), ({"retry-after": "2"}, 2)],
)
def test_the_pause_that_a_server_requests(headers: dict[str, str], seconds: int) -> None:
    pause = requested_pause(headers)
    assert pause is not None
    assert pause.total_seconds() == seconds


def test_without_a_system_role_the_instructions_precede_the_first_message() -> None:
    dialect = Dialect("text").adapt_to("System role not supported")
    system, user, model = ({"role": role, "content": role} for role in ("system", "user", "assistant"))
    assert dialect.messages([system, user, model]) == [{"role": "user", "content": "system\n\nuser"}, model]
    assert dialect.messages([user]) == [user]
    assert [message["role"] for message in dialect.messages([system])] == ["user"]


@pytest.mark.parametrize(
    ("refusal", "changed"),
    [
        ("temperature must be at most 1", False),
        ("Unsupported value: 'temperature' does not support 0.3", True),
        ("stream mode is required", True),
    ],
)
def test_only_what_a_server_does_not_support_is_left_out(refusal: str, changed: bool) -> None:
    dialect = Dialect("text")
    assert (dialect.adapt_to(refusal) != dialect) is changed


@pytest.mark.parametrize(("told", "counted"), [(3, 3), ("3", 0), (None, 0), (-1, 0)])
def test_tokens_that_are_no_number_count_nothing(told: object, counted: int) -> None:
    assert count_of(told) == counted


def test_a_wish_to_end_in_a_callback_of_the_loop_is_heard() -> None:
    """The loop logs what a callback raises, and goes on."""
    limit = SoftLimit()

    async def waits_for_ever() -> None:
        asyncio.get_running_loop().call_soon(limit.on_signal, 0, None)
        await asyncio.Event().wait()

    async def asks(wished: Any) -> None:
        await asyncio.wait_for(run_all(lambda: [waits_for_ever()], wished), timeout=60)

    with pytest.raises(SoftTimeLimitExceeded), limit, limit.poll() as wished:
        asyncio.run(asks(wished))
    assert not limit.heard
