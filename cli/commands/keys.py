"""key: make an API key, and the hash of it that the settings hold."""

import hashlib
import secrets

from cli import screen
from cli.commands.options import AsJson

KEY_BYTES = 32


def key(*, as_json: AsJson = False) -> None:
    """Make an API key. The gateway is told only its hash."""
    new = f"baton_{secrets.token_urlsafe(KEY_BYTES)}"
    hashed = f"sha256:{hashlib.sha256(new.encode()).hexdigest()}"
    if as_json:
        screen.show_json({"api_key": new, "hash": hashed})
        return
    screen.out.print(f"API key, shown once   [bold]{new}[/]\nhash for the gateway  [bold]{hashed}[/]", soft_wrap=True)
    screen.note(
        "\nThe gateway takes the hash:  BATON_AUTH__API_KEYS='[\"sha256:…\"]', or auth.api_keys in config/baton.yaml"
    )
    screen.note("Clients send the key:        X-API-Key: baton_…   (this command: BATONCTL_API_KEY)")
