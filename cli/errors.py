"""Errors of the command line: what to do, and the exit status for scripts."""

from typing import Any, ClassVar

from typing_extensions import override

from common.errors import BatonError
from common.state.context import Status

EXIT_OF = {Status.SUCCESS: 0, Status.FAILED: 1, Status.CANCELLED: 3}
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130

WHAT_TO_DO = {
    "unauthorized": "Set BATONCTL_API_KEY, or pass --api-key. `baton key` makes a new key.",
    "unknown_task": "`baton catalog` lists every task.",
    "invalid_input": "`baton catalog TASK` lists the inputs of this task.",
    "task_not_found": "`baton tasks` lists the existing tasks.",
    "state_unavailable": "`baton status` shows what is running.",
}


class CommandError(BatonError):
    """The command failed."""

    code = "command_error"
    exit_code: ClassVar[int] = EXIT_FAILED

    @property
    def exit_status(self) -> int:
        return self.exit_code

    @property
    def advice(self) -> str:
        return WHAT_TO_DO.get(self.code, "")


class BadArgument(CommandError):
    """Write each input as key=value, key:=json, or @file.json."""

    code = "bad_argument"
    exit_code = EXIT_USAGE


class GatewayUnreachable(CommandError):
    """No gateway answers."""

    code = "gateway_unreachable"

    @property
    @override
    def advice(self) -> str:
        return "Is the gateway running? Start it with `make up`, or name another with --url or BATONCTL_URL."


class PortInUse(CommandError):
    """The port is used by another program."""

    code = "port_in_use"


class StateDirUnusable(CommandError):
    """The state directory cannot be used. Choose another with --state-dir."""

    code = "state_dir_unusable"


class StackFailed(CommandError):
    """The stack did not start."""

    code = "stack_failed"


class DemoFailed(CommandError):
    """The demo failed."""

    code = "demo_failed"


class Refused(CommandError):
    """The gateway refused the request."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        known = {"type", "title", "status", "detail", "code", "instance"}
        super().__init__(
            str(problem.get("detail") or problem.get("title") or f"HTTP {status}"),
            **{key: value for key, value in problem.items() if key not in known},
        )
        self.http_status = status
        self.code = str(problem.get("code") or f"http_{status}")  # type: ignore[misc] # the gateway's word, not ours

    @property
    @override
    def exit_status(self) -> int:
        """Return the usage status for an invalid request, the failure status for a gateway error."""
        return EXIT_USAGE if self.http_status in {400, 404, 409, 413, 415, 422} else EXIT_FAILED
