"""Format of a Standard Webhooks signing secret."""

import re
from base64 import b64decode
from contextlib import suppress

PREFIX = "whsec_"
SECRET_PATTERN = f"^{PREFIX}[A-Za-z0-9+/]{{32,86}}={{0,2}}$"
SECRET = re.compile(SECRET_PATTERN)
"""24 to 64 bytes, as the specification requires. The library accepts any text and skips what is not base64."""


def is_secret(text: str) -> bool:
    with suppress(ValueError):  # not a length that base64 can have
        return bool(SECRET.fullmatch(text) and b64decode(text.removeprefix(PREFIX)))
    return False
