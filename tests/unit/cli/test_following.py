"""Following a task over connections that break."""

import httpx
import pytest

from cli.errors import GatewayUnreachable, Refused
from cli.follow import follow
from tests.unit.cli.fake_gateway import FakeGateway, context, events, problem

PATH = "GET /v1/tasks/ep-1/events"
STARTED = 'id: 1-0\nevent: initial_state\ndata: {"status": "RUNNING"}'
HALF = 'id: 2-0\nevent: progress\ndata: {"percent": 50}'
DONE = 'id: 3-0\nevent: signal\ndata: {"code": "task_complete"}'
FAILED = 'id: 3-0\nevent: error\ndata: {"code": "not_media", "message": "no"}'


def names(gateway: FakeGateway) -> list[str]:
    return [event.name for event in follow(gateway.client(), "ep-1")]


def test_it_ends_with_the_last_event(gateway: FakeGateway) -> None:
    gateway.on(PATH, events(STARTED, HALF, DONE, HALF))
    assert names(gateway) == ["initial_state", "progress", "signal"]


def test_an_error_is_the_last_event_of_a_failed_task(gateway: FakeGateway) -> None:
    gateway.on(PATH, events(STARTED, FAILED, HALF))
    assert names(gateway) == ["initial_state", "error"]


def test_a_finished_task_ends_with_its_state(gateway: FakeGateway) -> None:
    gateway.on(PATH, events('event: initial_state\ndata: {"status": "CANCELLED"}'))
    assert names(gateway) == ["initial_state"]


def test_it_reconnects_after_the_last_event_it_has_seen(gateway: FakeGateway) -> None:
    gateway.on(PATH, events(STARTED, HALF), httpx.ConnectError("refused"), events(STARTED.replace("1-0", "2-0"), DONE))
    assert names(gateway) == ["initial_state", "progress", "initial_state", "signal"]
    assert [request.headers.get("Last-Event-ID") for request in gateway.requests_to(PATH)] == [None, "2-0", "2-0"]


def test_when_all_was_seen_already_it_asks_for_the_state(gateway: FakeGateway) -> None:
    final = f"event: initial_state\ndata: {httpx.Response(200, json=context('SUCCESS')).text}"
    gateway.on(PATH, events(STARTED), httpx.Response(204), events(final))
    assert names(gateway) == ["initial_state", "initial_state"]
    assert "Last-Event-ID" not in gateway.requests_to(PATH)[-1].headers


def test_it_gives_up_when_the_gateway_stays_away(gateway: FakeGateway) -> None:
    gateway.on(PATH, httpx.ConnectError("refused"))
    with pytest.raises(GatewayUnreachable):
        names(gateway)


def test_a_refusal_is_not_tried_again(gateway: FakeGateway) -> None:
    gateway.on(PATH, problem(404, "task_not_found", "No task has this id."))
    with pytest.raises(Refused):
        names(gateway)
    assert len(gateway.requests_to(PATH)) == 1
