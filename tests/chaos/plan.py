"""What the box runs: the stack of `baton up` with a second gateway, and a proxy between each program and Redis."""

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from typing_extensions import override

from cli.stack.plan import LOOPBACK, Plan, StackProgram, free_port
from tests.support.stepped_redis import faketime_environment

SLOW_IMPORTS = Path(__file__).parent / "slow_imports"
WORKER = "tests.chaos.traced_worker"


@dataclass(frozen=True, slots=True)
class BoxPlan(Plan):
    """`proxies` holds, by the name of a program, the port at which it finds Redis."""

    proxies: dict[str, int] = field(default_factory=dict)
    second_port: int = field(default_factory=free_port)
    clock: Path | None = None
    """The file by which Redis's clock is set; None where there is no libfaketime."""

    # `super()` alone would mean the class before `slots` made another one of it

    @property
    def urls(self) -> tuple[str, ...]:
        """Return where both gateways are."""
        return (self.url, f"http://{LOOPBACK}:{self.second_port}")

    @property
    @override
    def environment(self) -> dict[str, str]:
        return super(BoxPlan, self).environment | {"PYTHONPATH": str(SLOW_IMPORTS)}

    @override
    def programs(self) -> list[StackProgram]:
        found = [self.changed(program) for program in super(BoxPlan, self).programs()]
        gateway = next(program for program in found if program.name == "gateway")
        return [*found, self.second(gateway)]

    def changed(self, program: StackProgram) -> StackProgram:
        """Return a program of the stack as the box runs it."""
        if program.name == "redis":
            clock = faketime_environment(self.clock) if self.clock else {}
            return with_environment(program, clock)
        if program.name.startswith("worker-"):
            command = [sys.executable, "-m", WORKER, program.command[-1]]
            program = replace(program, command=command)
        return with_environment(program, self.by_proxy(program.name))

    def second(self, gateway: StackProgram) -> StackProgram:
        changes = {"BATON_GATEWAY__PORT": str(self.second_port), **self.by_proxy("gateway-2")}
        return with_environment(replace(gateway, name="gateway-2"), changes)

    def by_proxy(self, name: str) -> dict[str, str]:
        port = self.proxies.get(name)
        return {"BATON_REDIS__URL": replace(self.own_redis, port=port).url} if port else {}


def with_environment(program: StackProgram, changes: dict[str, str]) -> StackProgram:
    """Have a program started with more variables; `env` becomes the program, so its pid is right."""
    values = [f"{name}={value}" for name, value in changes.items()]
    return replace(program, command=["env", *values, *program.command]) if values else program
