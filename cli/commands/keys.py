"""key: create an API key and its hash for the settings."""

import hashlib
import secrets

from cli import screen
from cli.commands.options import AsJson

KEY_BYTES = 32


def key(*, as_json: AsJson = False) -> None:
    """Create an API key. The gateway stores only its hash."""
    new = f"baton_{secrets.token_urlsafe(KEY_BYTES)}"
    hashed = f"sha256:{hashlib.sha256(new.encode()).hexdigest()}"
    if as_json:
        screen.show_json({"api_key": new, "hash": hashed})
        return
    screen.out.print(f"API key, shown once   [bold]{new}[/]\nhash for the gateway  [bold]{hashed}[/]", soft_wrap=True)
    screen.note(
        "\nConfigure the hash:          BATON_AUTH__API_KEYS='[\"sha256:…\"]', or auth.api_keys in config/baton.yaml"
    )
    screen.note("Clients send the key:        X-API-Key: baton_…   (this command: BATONCTL_API_KEY)")
