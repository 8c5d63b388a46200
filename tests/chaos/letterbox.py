"""Where callbacks come to: a receiver that goes away, breaks down, and remembers what it has accepted."""

from collections import defaultdict
from http.server import BaseHTTPRequestHandler

from typing_extensions import override

from tests.support.receiver import Answer, Receiver


class Letterbox(Receiver):
    def __init__(self) -> None:
        super().__init__()
        self.accepted: dict[str, int] = defaultdict(int)
        """How often each message was answered with success, by its webhook-id."""

    def go(self) -> None:
        self.down()

    def come_back(self) -> None:
        if self.server is None:
            self.up()

    def break_down(self) -> None:
        self.script = [Answer(503)]

    def mend(self) -> None:
        self.script = [Answer(200)]

    @override
    def reply(self, handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        super().reply(handler, answer)
        if answer.status == 200:
            self.accepted[handler.headers["webhook-id"]] += 1

    def messages_of(self, task_id: str) -> set[str]:
        """Return the ids of all messages that came for a task, whatever was answered."""
        return {seen.id for seen in list(self.seen) if seen.json["task_id"] == task_id}
