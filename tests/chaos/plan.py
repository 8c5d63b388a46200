"""What the box runs: the stack of `baton up` with a second gateway, and a proxy between each program and Redis."""

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from typing_extensions import override

from cli.stack.plan import LOOPBACK, Plan, StackProgram, free_port
from tests.support.stepped_redis import faketime_environment, find_libfaketime

PYTHON_START = Path(__file__).parent / "python_start"
WORKER = "tests.chaos.traced_worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxPlan(Plan):
    """`proxies` holds, by the name of a program, the port at which it finds Redis."""

    proxies: dict[str, int]
    clocks: Path
    """The folder with a file for each program, which sets its clock."""

    second_port: int = field(default_factory=free_port)

    # `super()` alone would mean the class before `slots` made another one of it

    @property
    def urls(self) -> tuple[str, ...]:
        """Return where both gateways are."""
        return (self.url, f"http://{LOOPBACK}:{self.second_port}")

    @property
    @override
    def environment(self) -> dict[str, str]:
        return super(BoxPlan, self).environment | {"PYTHONPATH": str(PYTHON_START)}

    @override
    def programs(self) -> list[StackProgram]:
        found = super(BoxPlan, self).programs()
        gateway = next(program for program in found if program.name == "gateway")
        return [self.changed(program) for program in [*found, self.second(gateway)]]

    def changed(self, program: StackProgram) -> StackProgram:
        """Return a program of the stack as the box runs it."""
        if program.name == "redis":
            clock = faketime_environment(self.clocks / program.name) if find_libfaketime() else {}
            return with_environment(program, clock)
        if program.name.startswith("worker-"):
            command = [sys.executable, "-m", WORKER, program.command[-1]]
            program = replace(program, command=command)
        return self.surrounded(program)

    def second(self, gateway: StackProgram) -> StackProgram:
        second = replace(gateway, name="gateway-2")
        return with_environment(second, {"BATON_GATEWAY__PORT": str(self.second_port)})

    def surrounded(self, program: StackProgram) -> StackProgram:
        """Give a program its own way to Redis and its own clock."""
        port = self.proxies.get(program.name)
        by_proxy = {"BATON_REDIS__URL": replace(self.own_redis, port=port).url} if port else {}
        return with_environment(program, {"CHAOS_CLOCK": str(self.clocks / program.name), **by_proxy})


def with_environment(program: StackProgram, changes: dict[str, str]) -> StackProgram:
    """Have a program started with more variables; `env` becomes the program, so its pid is right."""
    values = [f"{name}={value}" for name, value in changes.items()]
    return replace(program, command=["env", *values, *program.command]) if values else program
