"""What a Standard Webhooks signing secret looks like."""

import re
from base64 import b64decode
from contextlib import suppress

PREFIX = "whsec_"
SECRET_PATTERN = f"^{PREFIX}[A-Za-z0-9+/]{{32,86}}={{0,2}}$"
SECRET = re.compile(SECRET_PATTERN)
"""24 to 64 bytes, as the specification asks. The library takes any text, and skips what is no base64 in it."""


def is_secret(text: str) -> bool:
    with suppress(ValueError):  # no length that base64 has
        return bool(SECRET.fullmatch(text) and b64decode(text.removeprefix(PREFIX)))
    return False
