"""Run the gateway: `python -m api_gateway`."""

import sys

from api_gateway.app import create_app
from api_gateway.gateway import callback_policy, input_policy
from api_gateway.http.problems import did_you_mean, similar
from api_gateway.http.server import serve
from common import log
from common.contract import Catalog
from common.errors import BatonError, NotStartable
from common.settings import Settings
from services import catalog, models, settings


def main() -> int:
    try:
        configured, known = settings(), catalog()
        require_access_control(configured)
        refuse_unknown_tasks(configured, known)
        for policy in (callback_policy, input_policy):
            policy(configured)  # fails now if an allowed host could never match
    except BatonError as error:
        print(error.message, file=sys.stderr)  # noqa: T201 - there is no log before the settings are read
        return 2
    log.configure(configured.log, service="api_gateway")
    serve(create_app(configured, known, models()), configured.gateway)
    return 0


def require_access_control(configured: Settings) -> None:
    """Raise NotStartable if anybody on the network could use the gateway without a key."""
    auth, gateway = configured.auth, configured.gateway
    if not (gateway.loopback or auth.api_keys or auth.allow_anonymous):
        raise NotStartable(
            f"The gateway would listen on {gateway.host} without any API key. Create one with `baton key` and put its "
            "hash into auth.api_keys, or listen on 127.0.0.1, or set auth.allow_anonymous: true if that is intended.",
        )


def refuse_unknown_tasks(configured: Settings, known: Catalog) -> None:
    """Raise NotStartable if the monitor's settings name an unknown task: they would never apply."""
    for name in sorted(configured.gpu_lock_monitor.per_task.keys() - known.keys()):
        meant = did_you_mean(similar(known, name))
        raise NotStartable(
            f"gpu_lock_monitor.per_task names {name!r}, which is not a task. {meant}Correct or remove it."
        )


if __name__ == "__main__":
    sys.exit(main())
