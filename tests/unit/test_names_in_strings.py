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


def find_names_in_strings() -> Iterator[str]:
    files = (file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py"))
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value):
            yield node.value


def can_resolve(name: str) -> bool:
    """Return whether a module has this name, or an object of a module: `module:object` or `module.object`."""
    module, _, attributes = name.partition(":")
    while not exists(module):
        module, _, last = module.rpartition(".")
        attributes = f"{last}.{attributes}".strip(".")
    try:
        reduce(getattr, filter(None, attributes.split(".")), import_module(module) if attributes else None)
    except AttributeError:
        return False
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
