"""Encryption at rest of a callback target's secrets: its URL's query, its headers and its own signing secret.

The key is derived from `callbacks.secret`. Only gateways have it: a worker copies the encrypted data into the message.
Without that setting nothing is encrypted, and targets are stored in plain text.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from common.errors import BatonError
from common.net.policy import redact_url
from common.settings import CallbackSettings
from common.state.record import Callback

KEY_BYTES = 32
PURPOSE = b"baton: targets of callbacks at rest"


class TargetUnreadable(BatonError):
    """The target of this callback was encrypted with another callbacks.secret. Add that secret to callbacks.old_secrets
    and restart the gateway; the callback is tried again.
    """

    code = "callback_target_unreadable"
    status = 503
    retryable = True


class TargetCipher:
    """Encrypts with the current secret, and decrypts with old ones too."""

    def __init__(self, settings: CallbackSettings) -> None:
        secrets = [settings.secret, *settings.old_secrets] if settings.secret else settings.old_secrets
        self.encrypts = settings.secret is not None
        self.fernet = fernet(secrets) if secrets else None

    def encrypt(self, target: Callback) -> Callback:
        """Return the target with its secrets in `encrypted`, and the rest as it may be displayed."""
        if not (self.fernet and self.encrypts):
            return target
        hidden = Callback(url=target.url, headers=target.headers, secret=target.secret)
        encrypted = self.fernet.encrypt(hidden.model_dump_json().encode()).decode()
        return strip_secrets(target).model_copy(update={"encrypted": encrypted})

    def decrypt(self, target: Callback) -> Callback:
        """Return the complete target.

        Raises:
            TargetUnreadable: none of the configured secrets matches.
        """
        if target.encrypted is None:
            return target
        try:
            text = self.fernet.decrypt(target.encrypted) if self.fernet else None
        except InvalidToken:
            text = None
        if text is None:
            raise TargetUnreadable
        hidden = Callback.model_validate_json(text)
        update = {"url": hidden.url, "headers": hidden.headers, "secret": hidden.secret, "encrypted": None}
        return target.model_copy(update=update)


def strip_secrets(target: Callback) -> Callback:
    """Return the target without any secret, encrypted or not."""
    update: dict[str, Any] = {"url": redact_url(target.url), "headers": {}, "secret": None, "encrypted": None}
    return target.model_copy(update=update)


def fernet(secrets: Iterable[SecretStr]) -> MultiFernet:
    return MultiFernet([Fernet(key_of(secret.get_secret_value())) for secret in secrets])


def key_of(secret: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=PURPOSE).derive(secret.encode())
    return urlsafe_b64encode(derived)
