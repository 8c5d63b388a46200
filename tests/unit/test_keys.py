"""The table of Redis keys in the architecture page is the one in the code."""

import inspect
import re
from pathlib import Path

from common.state import keys
from common.state.context import Status

PAGE = Path("docs/architecture.md")
LOCK_SCRIPTS = Path("common/state/lua/gpu")
"""They alone name what is beside a lock."""


def read_documented_keys() -> set[str]:
    """Return the first words of the key table, with every placeholder as `*`."""
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `") and line.count("|") == 5]
    names = {name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])}
    return {re.sub(r"\{\w+\}", "*", name) for name in names}


def in_code() -> set[str]:
    constants = {value for name, value in vars(keys).items() if name.isupper() and isinstance(value, str)}
    functions = [function for name, function in inspect.getmembers(keys, inspect.isfunction) if name != "index"]
    made = {function(*("*" for _ in inspect.signature(function).parameters)) for function in functions}
    parts = {part for file in LOCK_SCRIPTS.glob("*.lua") for part in re.findall(r"\.\. '(:\w+)'", file.read_text())}
    made |= {keys.gpu_lock("*", "*") + part for part in parts}
    return (constants - {keys.WAKE_CHANNEL}) | made | {keys.index(Status.PENDING).replace("PENDING", "*")}


def test_the_page_lists_every_key_and_no_other() -> None:
    assert read_documented_keys() == in_code()
