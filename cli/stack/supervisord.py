"""supervisord: its configuration file, and RPC to the running instance over its socket."""

import os
import re
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPException
from typing import Any, cast
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from cli import ROOT
from cli.errors import StackFailed
from cli.stack.folder import StateDir, write_private
from cli.stack.plan import StackProgram

START_TIMEOUT = timedelta(seconds=20)
OPEN_FILES = 8192
"""A thousand clients that follow events need as many."""

SPAWNED = re.compile(r"spawned: '(?P<name>[^']+)' with pid")
STARTED = "supervisord started with pid"

CONFIG = """\
[unix_http_server]
file={socket}
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{socket}

[supervisord]
logfile={log}
logfile_maxbytes=10MB
logfile_backups=3
pidfile={pid_file}
childlogdir={logs}
directory={root}
minfds={open_files}
nocleanup=true
{user}"""

# startretries: supervisord waits one second longer before each, so this takes half an hour; `baton up` revives the
# program after that
PROGRAM = """
[program:{name}]
command={command}
directory={root}
priority={order}
autostart=true
autorestart=true
startsecs=1
startretries=60
stopasgroup=false
killasgroup=true
stopwaitsecs={stop_within}
redirect_stderr=true
stdout_logfile={log}
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
"""

# supervisord stops the groups one after the other, and the programs of a group together
GROUP = """
[group:order-{order}]
programs={names}
priority={order}
"""


def render(state_dir: StateDir, programs: Iterable[StackProgram]) -> str:
    """Return supervisord.conf."""
    head = {
        "socket": state_dir.socket,
        "log": state_dir.supervisor_log,
        "pid_file": state_dir.pid_file,
        "logs": state_dir.logs,
        "root": ROOT,
        "open_files": min(OPEN_FILES, hard_limit_of_files()),
        # explicit, or supervisord warns at each start
        "user": "user=root\n" if os.geteuid() == 0 else "",
    }
    listed = list(programs)
    return "".join(
        (
            CONFIG.format_map(escape_percent(head)),
            *(render_program(state_dir, program) for program in listed),
            *(render_group(order, listed) for order in sorted({program.order for program in listed})),
        )
    )


def render_program(state_dir: StateDir, program: StackProgram) -> str:
    fields = {
        "name": program.name,
        "command": program.command_line,
        "root": ROOT,
        "order": program.order,
        "stop_within": round(program.stop_within.total_seconds()),
        "log": str(state_dir.log_of(program.name)).replace("%", "%%"),  # expanded twice by supervisord
    }
    return PROGRAM.format_map(escape_percent(fields))


def render_group(order: int, programs: Iterable[StackProgram]) -> str:
    names = (program.name for program in programs if program.order == order)
    return GROUP.format(order=order, names=",".join(names))


def escape_percent(fields: dict[str, Any]) -> dict[str, str]:
    """Double the percent signs: %(name)s is expanded in every value."""
    return {key: str(value).replace("%", "%%") for key, value in fields.items()}


def hard_limit_of_files() -> int:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return OPEN_FILES if hard == resource.RLIM_INFINITY else hard


@dataclass(frozen=True, slots=True)
class Process:
    """A supervised process, as supervisord reports it."""

    name: str
    state: str
    pid: int
    uptime: timedelta
    restarts: int

    @property
    def running(self) -> bool:
        return self.state == "RUNNING"


class Supervisor:
    """The supervisord of one state directory."""

    def __init__(self, state_dir: StateDir) -> None:
        self.state_dir = state_dir

    def start(self, programs: Iterable[StackProgram], environment: dict[str, str]) -> None:
        """Start it in the background; it answers when this returns.

        Raises:
            StackFailed: it did not start; the message says why.
        """
        write_private(self.state_dir.config, render(self.state_dir, programs))
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self.state_dir.config)]
        inherited = dict(os.environ)  # noqa: TID251 - the programs get the user's environment, and what is ours over it
        try:
            subprocess.run(
                command,
                env=inherited | environment,
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=True,
                timeout=START_TIMEOUT.total_seconds(),
            )
        except subprocess.CalledProcessError as error:
            raise StackFailed(f"supervisord did not start: {(error.stdout + error.stderr).strip()}") from error
        except subprocess.TimeoutExpired as error:
            raise StackFailed(f"supervisord did not start within {START_TIMEOUT.seconds} s.") from error

    def processes(self) -> list[Process] | None:
        """Return the supervised processes, None if supervisord is not running."""
        found = self.call("getAllProcessInfo")
        if found is None:
            return None
        spawned = self.count_starts()
        return [process_of(info, spawned[info["name"]]) for info in cast("list[dict[str, Any]]", found)]

    def start_stopped(self) -> None:
        """Restart programs that supervisord has given up on."""
        self.call("startAllProcesses", False)

    def shutdown(self) -> None:
        self.call("shutdown")

    def call(self, method: str, *arguments: Any) -> Any:
        """Call `supervisor.<method>`; returns None if supervisord does not answer or is already shutting down."""
        transport = SupervisorTransport(serverurl=f"unix://{self.state_dir.socket}")
        try:
            with ServerProxy("http://localhost", transport=transport) as proxy:
                return getattr(proxy.supervisor, method)(*arguments)
        except (OSError, HTTPException, Fault):
            return None

    def count_starts(self) -> Counter[str]:
        """Count how often each program was started since supervisord was; only its log contains that."""
        log = self.state_dir.supervisor_log
        text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        return Counter(match["name"] for match in SPAWNED.finditer(text, max(text.rfind(STARTED), 0)))


def process_of(info: dict[str, Any], spawned: int) -> Process:
    running = info["statename"] == "RUNNING"
    return Process(
        name=info["name"],
        state=info["statename"],
        pid=info["pid"],
        uptime=timedelta(seconds=max(0, info["now"] - info["start"]) if running else 0),
        restarts=max(0, spawned - 1),
    )
