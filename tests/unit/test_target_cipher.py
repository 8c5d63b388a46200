"""The secrets of a callback's target are encrypted at rest, by a key that the signing secret gives."""

from base64 import b64encode

import pytest

from api_gateway.callbacks.encryption import TargetCipher, TargetUnreadable, strip_secrets
from common.settings import CallbackSettings
from common.state.record import Callback

OLD, NEW = (f"whsec_{b64encode(bytes([byte]) * 32).decode()}" for byte in (1, 2))
TARGET = Callback(
    url="http://n8n/w?signature=s3cret", headers={"X-Key": "t0ken"}, events=["task.failed"], thin=True, secret=OLD
)


def cipher(secret: str | None, *old: str) -> TargetCipher:
    return TargetCipher(CallbackSettings.model_validate({"secret": secret, "old_secrets": list(old)}))


def test_what_is_encrypted_comes_back_whole() -> None:
    encrypted = cipher(NEW).encrypt(TARGET)
    assert encrypted.events == TARGET.events
    assert encrypted.url == "http://n8n/w"
    assert not [word for word in ("s3cret", "t0ken", OLD) if word in encrypted.model_dump_json()]
    assert cipher(NEW).decrypt(encrypted) == TARGET


def test_an_old_secret_still_decrypts() -> None:
    assert cipher(NEW, OLD).decrypt(cipher(OLD).encrypt(TARGET)) == TARGET


@pytest.mark.parametrize("reader", [cipher(NEW), cipher(None)])
def test_without_the_secret_nothing_is_read(reader: TargetCipher) -> None:
    with pytest.raises(TargetUnreadable, match="old_secrets"):
        reader.decrypt(cipher(OLD).encrypt(TARGET))


def test_without_a_secret_a_target_stays_as_it_is() -> None:
    assert cipher(None).encrypt(TARGET) == TARGET
    assert cipher(None).decrypt(TARGET) == TARGET


def test_what_is_kept_after_the_last_try_holds_no_secret() -> None:
    for target in (TARGET, cipher(NEW).encrypt(TARGET)):
        assert strip_secrets(target) == Callback(url="http://n8n/w", events=TARGET.events, thin=True)


def test_a_target_shows_no_secret_in_a_log() -> None:
    assert not [word for word in ("t0ken", OLD) if word in repr(TARGET)]
