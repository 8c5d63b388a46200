"""Lua scripts: loading, typed stubs, and the call that a client runs.

A stub is a function whose keyword-only parameters are the script's KEYS (annotated `Key`) and ARGV, under the names and
in the order of the header in the Lua file. `lua_script` compares the two when the stub's module is imported, so a
swapped, missing or superfluous argument cannot reach Redis.
"""

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha1
from pathlib import Path
from typing import Any, Generic, NamedTuple, ParamSpec, TypeVar, cast

from common.state.context import NEXT
from common.state.keys import Key

SCRIPTS = Path(__file__).parent / "lua"
HEADER = re.compile(r"-- (KEYS|ARGV)  (.*)")
ITEM = re.compile(r"(?:^|(?<=  ))(\[?)(\d+)(…?) (\w+)")

P = ParamSpec("P")
T = TypeVar("T")
U = TypeVar("U")
Arg = str | int | float | bytes


@dataclass(frozen=True, slots=True)
class Script:
    """The text of a Lua script and the digest under which Redis caches it."""

    text: str
    sha: str


@dataclass(frozen=True, slots=True)
class ScriptCall(Generic[T]):
    """One execution of a script: atomic, and safe to repeat if the answer was lost."""

    script: Script
    keys: Sequence[str]
    args: Sequence[Arg]
    parse: Callable[[Any], T]

    def then(self, parse: Callable[[T], U]) -> "ScriptCall[U]":
        """Return the same call with its answer converted by `parse`."""
        before = self.parse
        return replace(cast("ScriptCall[Any]", self), parse=lambda answer: parse(before(answer)))


class Parameter(NamedTuple):
    """A parameter of a script: its name, and whether it may be absent, or be repeated."""

    name: str
    optional: bool = False
    variadic: bool = False


class Signature(NamedTuple):
    keys: list[Parameter]
    args: list[Parameter]


@cache
def script(name: str) -> Script:
    """Read `lua/<name>.lua`, preceded by the transition table and the preludes of its folders."""
    file = SCRIPTS / f"{name}.lua"
    preludes = [folder / "prelude.lua" for folder in reversed(file.relative_to(SCRIPTS).parents)]
    text = "\n".join([transitions(), *((SCRIPTS / prelude).read_text() for prelude in preludes), file.read_text()])
    return Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest())


def transitions() -> str:
    """Return `common.state.context.NEXT` as a Lua table."""
    rows = (f"{status}={{{','.join(f'{to}=true' for to in sorted(following))}}}" for status, following in NEXT.items())
    return f"local NEXT = {{{','.join(rows)}}}"


def lua_script(name: str) -> Callable[[Callable[P, T]], Callable[P, ScriptCall[T]]]:
    """Bind a stub to `lua/<name>.lua`: calling it builds a `ScriptCall`. The stub returns the raw answer of the script.

    Raises:
        TypeError: the parameters differ from the header of the script.
    """

    def bind(stub: Callable[P, T]) -> Callable[P, ScriptCall[T]]:
        signature = stub_signature(stub)
        if signature != (header := header_signature(name)):
            raise TypeError(f"{stub.__name__} does not match lua/{name}.lua: {signature} against {header}")

        def build(*_: P.args, **given: P.kwargs) -> ScriptCall[T]:
            return ScriptCall(script(name), values(signature.keys, given), values(signature.args, given), as_is)

        build.__name__, build.__doc__ = stub.__name__, stub.__doc__
        return build

    return bind


def stub_signature(stub: Callable[..., Any]) -> Signature:
    """Return the parameters of a stub, keys and arguments apart."""
    keys: list[Parameter] = []
    args: list[Parameter] = []
    for parameter in inspect.signature(stub).parameters.values():
        kind = parameter.annotation
        optional, variadic = kind == Key | None, kind in {Sequence[Key], Sequence[Arg]}
        is_key = optional or kind is Key or kind == Sequence[Key]
        (keys if is_key else args).append(Parameter(parameter.name, optional, variadic))
    return Signature(keys, args)


def header_signature(name: str) -> Signature:
    """Return the parameters in the header of a script: `-- KEYS  1 name: meaning  [2 optional]  3… variadic`."""
    found: dict[str, list[Parameter]] = {"KEYS": [], "ARGV": []}
    section: list[Parameter] = []
    for line in (SCRIPTS / f"{name}.lua").read_text().splitlines():
        if not line.startswith("--") or line.startswith("-- Returns"):
            break
        header = HEADER.match(line)
        section = found[header[1]] if header else section
        text = header[2] if header else line.removeprefix("--       ")
        for bracket, number, dots, item in ITEM.findall(text) if header or section else ():
            if int(number) != len(section) + 1:
                raise TypeError(f"lua/{name}.lua: parameter {number} {item} is out of order")
            section.append(Parameter(item, bool(bracket), bool(dots)))
    return Signature(found["KEYS"], found["ARGV"])


def values(parameters: Sequence[Parameter], given: dict[str, Any]) -> list[Any]:
    """Return the given values in order; an absent optional one is left out, a variadic one is unpacked."""
    found: list[Any] = []
    for parameter in parameters:
        value: Any = given.get(parameter.name) if parameter.optional else given[parameter.name]
        if parameter.variadic:
            found.extend(value)
        elif value is not None or not parameter.optional:
            found.append(value)
    return found


def as_is(answer: Any) -> Any:
    return answer
