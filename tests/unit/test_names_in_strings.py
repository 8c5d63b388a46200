"""Code that names a module or an object in a string names one that exists: no type check sees such a name."""

import ast
import re
from collections.abc import Iterator
from functools import reduce
from importlib import import_module
from importlib.util import find_spec

import pytest

from tests.support.stack import ROOT

FOLDERS = ("api_gateway", "bench", "cli", "common", "docs/writer", "services", "tests")
NAME = re.compile(r"(?:api_gateway|bench|cli|common|services|tests)(?:\.(?!md$)[A-Za-z_]\w*)+(?::\w+)?")
IMPORT = re.compile(
    r"\bfrom ((?:api_gateway|bench|cli|common|services|tests)[\w.]*) import (\w+(?: as \w+)?(?:, \w+(?: as \w+)?)*)"
)


def find_names_in_strings() -> Iterator[str]:
    files = (file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py"))
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from names_in(node.value)


def names_in(text: str) -> Iterator[str]:
    """Yield the name that a string is, or the names that the code in it imports."""
    if NAME.fullmatch(text):
        yield text
    for module, names in IMPORT.findall(text):
        yield from (f"{module}:{name.partition(' as ')[0]}" for name in names.split(", "))


def can_resolve(name: str) -> bool:
    """Return whether a module has this name, or an object of a module: `module:object` or `module.object`."""
    module, _, attributes = name.partition(":")
    while not exists(module):
        module, _, last = module.rpartition(".")
        attributes = f"{last}.{attributes}".strip(".")
    try:
        reduce(getattr, filter(None, attributes.split(".")), import_module(module) if attributes else None)
    except AttributeError:
        return exists(f"{module}.{attributes}")
    return True


def exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("name", sorted(set(find_names_in_strings())))
def test_what_a_string_names_is_there(name: str) -> None:
    assert can_resolve(name)


@pytest.mark.parametrize("nowhere", ["worker.request:Nobody", "worker.nowhere", "clock.nowhere.x"])
def test_a_name_that_nothing_has_is_found(nowhere: str) -> None:
    assert not can_resolve(f"common.{nowhere}")


def test_names_that_code_in_a_string_imports_are_found() -> None:
    package = "common"
    module = f"{package}.nowhere"  # in two parts: a whole name would have to exist
    assert list(names_in(f"import sys\nfrom {module} import a, b as c\n")) == [f"{module}:a", f"{module}:b"]
