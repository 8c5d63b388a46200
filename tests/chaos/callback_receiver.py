"""Where callbacks come to: receivers that go away, break down or hang, and remember what they have accepted."""

from collections import defaultdict
from http.server import BaseHTTPRequestHandler

from typing_extensions import override

from tests.support.receiver import Answer, Receiver, Seen

HANG_S = 30.0
"""Longer than `callbacks.timeout`."""


class CallbackReceiver(Receiver):
    """A receiver; one `beside` another is another origin, and both keep the same books."""

    def __init__(self, beside: "CallbackReceiver | None" = None) -> None:
        super().__init__(on_request=self.note)
        self.accepted: dict[str, int] = beside.accepted if beside else defaultdict(int)
        """How often each message was answered with success, by its webhook-id."""

        self.came: dict[str, set[str]] = beside.came if beside else defaultdict(set)
        """The ids of all messages that came for a task, whatever was answered."""

        self.requests: list[Seen] = beside.requests if beside else []
        """All requests, at either of them."""

    def break_down(self) -> None:
        self.script = [Answer(503)]

    def hang(self) -> None:
        self.script = [Answer(200, delay=HANG_S)]

    def mend(self) -> None:
        self.script = [Answer(200)]

    @override
    def reply(self, handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        super().reply(handler, answer)
        if answer.status == 200:
            self.accepted[handler.headers["webhook-id"]] += 1

    def note(self, seen: Seen) -> None:
        self.requests.append(seen)
        self.came[seen.json["task_id"]].add(seen.id)
