"""Broker transport for workers: survives malformed messages and a Redis that cannot write."""

from contextlib import suppress
from time import sleep
from typing import Any, TypeVar

import structlog
from kombu.transport import redis as kombu_redis
from kombu.transport.virtual import Empty
from kombu.utils.json import loads
from redis.exceptions import NoScriptError, OutOfMemoryError, ReadOnlyError, RedisError, ResponseError
from typing_extensions import override

from common.state import keys
from common.state import work_scripts as scripts
from common.state.commands import ScriptCommands
from common.state.scripts import ScriptCall
from common.worker.dead_letters import store_dead_letter
from common.worker.envelope import Unreadable, read_envelope
from common.worker.process import is_stopping

TRANSPORT = "common.worker.broker:Transport"
KNOWN_TASKS = "known_tasks"
"""Transport option with the names of the worker's tasks."""
TRY_AGAIN_S = 1.0
DELIVERIES = keys.Key("unacked_index")
"""Kombu's list of the messages that were delivered and not acknowledged, by the time of a worker's clock."""
MARGIN_S = 60
"""Clocks that differ by less are usual."""
T = TypeVar("T")
log = structlog.get_logger()


class PatientQoS(kombu_redis.QoS):
    """Records fetched messages, and waits while Redis cannot write the record.

    Messages of dead workers are redelivered, even if their clock was ahead.
    """

    @override
    def append(self, message: Any, delivery_tag: str) -> None:
        waiting = False
        while True:
            try:
                super().append(message, delivery_tag)  # type: ignore[no-untyped-call]
            except ResponseError as error:
                if not is_passing(error) or is_stopping():
                    raise
                if not waiting:
                    log.warning("broker_cannot_write", task_id=message.headers.get("id"), error=str(error))
                waiting = True
                sleep(TRY_AGAIN_S)
            else:
                if waiting:
                    log.info("broker_can_write_again")
                return

    @override
    def restore_visible(self, start: int = 0, num: int = 10, interval: int = 10) -> None:
        self.redate()
        super().restore_visible(start, num, interval)  # type: ignore[no-untyped-call]

    def redate(self) -> None:
        """Date deliveries of the future now; a Redis that cannot write is asked again the next time."""
        call = scripts.redate(deliveries=DELIVERIES, margin_s=MARGIN_S)
        with self.channel.conn_or_acquire() as client, suppress(ResponseError):
            if redated := run(client, call):
                log.warning("deliveries_redated", count=redated)


class DeadLetterChannel(kombu_redis.Channel):
    """Reads messages; a message that no worker can run becomes a dead letter."""

    QoS = PatientQoS

    @override
    def _brpop_read(self, **options: Any) -> bool:
        """Deliver one message as kombu does, unless it is not Baton's."""
        try:
            found = self.pop(**options)
            if not found:
                raise Empty
            name, message = found
            queue = name.decode().rsplit(self.sep, 1)[0]
            self._queue_cycle.rotate(queue)
            self.deliver(message, queue)
            return True
        finally:
            self._in_poll = None  # type: ignore[assignment]  # kombu's own value for it
            self._flush_brpop_reauth()  # type: ignore[no-untyped-call]

    def pop(self, **options: Any) -> tuple[bytes, bytes] | None:
        """Read the answer of the pending blocking pop."""
        connection = self.client.connection
        try:
            answer: tuple[bytes, bytes] | None = self.client.parse_response(connection, "BRPOP", **options)
        except self.connection_errors:
            connection.disconnect()  # makes the next read reconnect
            raise
        return answer

    def deliver(self, message: bytes, queue: str) -> None:
        """Pass a message to Celery. A message that Celery cannot process would end the whole worker."""
        try:
            read_envelope(message, self.connection.client.transport_options[KNOWN_TASKS])
        except Unreadable as error:
            self.quarantine(message, queue, str(error))
            return
        raw = loads(message.decode())  # type: ignore[no-untyped-call]
        try:
            self.connection._deliver(raw, queue)  # noqa: SLF001 - it has no other name in kombu
        except (RedisError, OSError):
            raise
        except Exception as error:  # any bug that a message may trigger
            log.critical("message_crashed", queue=queue, exc_info=error)
            self.quarantine(message, queue, f"{type(error).__name__}: {error}")
            self.qos.ack(raw["properties"]["delivery_tag"])

    def quarantine(self, message: bytes, queue: str, reason: str) -> None:
        log.error("message_quarantined", queue=queue, reason=reason)
        call = store_dead_letter(message, queue, reason)
        with self.conn_or_acquire() as client:
            try:
                run(client, call)
            except ResponseError as error:
                log.error("dead_letter_not_kept", queue=queue, message=repr(message[:200]), error=str(error))  # noqa: TRY400 - the reason is known


class Transport(kombu_redis.Transport):
    Channel = DeadLetterChannel


def run(client: ScriptCommands, call: ScriptCall[T]) -> T:
    try:
        answer = client.evalsha(call.script.sha, len(call.keys), *call.keys, *call.args)
    except NoScriptError:
        answer = client.eval(call.script.text, len(call.keys), *call.keys, *call.args)
    return call.parse(answer)


def is_passing(error: ResponseError) -> bool:
    """Return whether Redis refused a write temporarily: it or its disk is full, or it is a replica."""
    return isinstance(error, (OutOfMemoryError, ReadOnlyError)) or "MISCONF" in str(error)
