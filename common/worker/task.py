"""Task registration: `@task(CONTRACT)` and the registry it fills."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from common.contract import Contract
from common.worker.job import Job

Function = Callable[[Any, Job], Any]
F = TypeVar("F", bound=Function)


@dataclass(frozen=True, slots=True)
class RegisteredTask:
    """A contract and the function that implements it."""

    contract: Contract
    function: Function


REGISTRY: dict[str, RegisteredTask] = {}


def task(contract: Contract) -> Callable[[F], F]:
    """Register `function(params, job) -> output` as the implementation of `contract`; it stays a plain function.

    Raises:
        ValueError: the contract already has an implementation.
    """

    def register(function: F) -> F:
        if contract.name in REGISTRY:
            raise ValueError(f"{contract.name} is already implemented by {REGISTRY[contract.name].function}")
        REGISTRY[contract.name] = RegisteredTask(contract, function)
        return function

    return register
