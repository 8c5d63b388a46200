"""Alerts to the operator's webhook: Standard Webhooks from the same outbox, with the same retries, as callbacks."""

from collections.abc import Callable
from secrets import token_hex
from typing import Any

from pydantic import SecretStr
from pydantic_core import to_json

from api_gateway.callbacks.encryption import TargetCipher
from common.clock import utcnow
from common.state.messages import Message
from common.state.record import Callback

LEDGER = "monitor:alerts"
"""Key under which the tries are logged; no task id contains a colon."""


class Alerts:
    """Writes the messages; `monitor.actions` puts each on the outbox, atomically with its action."""

    def __init__(self, target: Callable[[], SecretStr | None], cipher: TargetCipher) -> None:
        """`target` returns the URL that is currently configured."""
        self.target = target
        self.cipher = cipher

    def message(self, kind: str, **data: Any) -> Message | None:
        """Return an alert of this type, such as `gpu_lock.warning`; None if no webhook is configured."""
        url = self.target()
        if url is None:
            return None
        body = to_json({"type": kind, "timestamp": utcnow(), "data": data}).decode()
        target = self.cipher.encrypt(Callback(url=url.get_secret_value()))
        return Message(id=f"msg_{token_hex(16)}", task_id=LEDGER, target=target, type=kind, body=body)
