"""What an operator's webhook is told of: Standard Webhooks from the same outbox, with the same tries, as callbacks."""

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
"""Under which the tries are kept; no task has an id with a colon."""


class Alerts:
    """Writes the messages; `monitor.actions` puts each on the outbox, in one step with the act that it tells of."""

    def __init__(self, target: Callable[[], SecretStr | None], cipher: TargetCipher) -> None:
        """`target` gives the URL that is set at that moment."""
        self.target = target
        self.cipher = cipher

    def of(self, kind: str, **data: Any) -> Message | None:
        """Return an alert of this type, such as `gpu_lock.warning`; None when there is nobody to tell."""
        url = self.target()
        if url is None:
            return None
        body = to_json({"type": kind, "timestamp": utcnow(), "data": data}).decode()
        target = self.cipher.encrypt(Callback(url=url.get_secret_value()))
        return Message(id=f"msg_{token_hex(16)}", task_id=LEDGER, target=target, type=kind, body=body)
