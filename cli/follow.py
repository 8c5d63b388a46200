"""Follow a task's events to the end, across any number of broken connections."""

import time
from collections.abc import Callable, Iterator

from cli.client import Client
from cli.errors import GatewayUnreachable
from cli.sse import Event
from common.state.context import Status

RECONNECT_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0, 5.0, 10.0, 10.0, 10.0)
"""Pauses between tries; their total is as long as a gateway may need to come back. A received event resets them."""

LAST_SIGNALS = {"task_complete", "task_cancelled"}


def follow(client: Client, task_id: str, on_reconnect: Callable[[str], object] = lambda _: None) -> Iterator[Event]:
    """Yield the task's events up to the last one.

    Raises:
        GatewayUnreachable: it did not answer during all of RECONNECT_SECONDS.
        Refused: there is no such task, or the key is wrong.
    """
    last_id: str | None = None
    failures = 0
    while True:
        received = False
        try:
            with client.events(task_id, last_id) as events:
                for event in events:
                    received, failures = True, 0
                    last_id = event.id or last_id
                    yield event
                    if is_last(event):
                        return
            reason = "the stream ended early"
        except GatewayUnreachable as error:
            if failures == len(RECONNECT_SECONDS):
                raise
            reason = error.message
        else:
            last_id = last_id if received else None  # everything was received already: read the state instead
        on_reconnect(reason)
        time.sleep(RECONNECT_SECONDS[min(failures, len(RECONNECT_SECONDS) - 1)])
        failures += 1


def is_last(event: Event) -> bool:
    """Return whether this is the last event of a task: its end, or an initial state that is already final."""
    if event.name == "initial_state":
        return Status(event.data["status"]).final
    return event.name == "error" or (event.name == "signal" and event.data.get("code") in LAST_SIGNALS)
