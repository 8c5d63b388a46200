"""`config/baton.yaml` is the reference of the settings, so it must be whole and true."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

import services
from common import settings

FILE = Path("config/baton.yaml")


def names(tree: dict[str, Any], path: str = "") -> set[str]:
    return {
        name
        for key, value in tree.items()
        for name in (names(value, f"{path}{key}.") if isinstance(value, dict) and value else {f"{path}{key}"})
    }


def declared_names(tree: BaseModel | dict[str, Any], path: str = "") -> set[str]:
    return {
        name
        for key, value in dict(tree).items()
        for name in (
            declared_names(value, f"{path}{key}.")
            if isinstance(value, BaseModel | dict) and value
            else {f"{path}{key}"}
        )
    }


def test_the_file_names_every_setting_and_no_other() -> None:
    assert names(yaml.safe_load(FILE.read_text())) == declared_names(services.settings())


def test_the_file_holds_the_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from_file = services.settings().model_dump()
    empty = tmp_path / "empty.yaml"
    empty.touch()
    monkeypatch.setenv(settings.CONFIG_VARIABLE, str(empty))
    assert from_file == services.settings().model_dump()


def test_every_setting_that_needs_a_word_has_one() -> None:
    silent = [line for line in FILE.read_text().splitlines() if line.startswith("  ") and "#" not in line]
    obvious = ("s3_region", "port", "max_attempts", "monitor_interval", "heartbeat", "interval", "level")
    assert {line.strip().partition(":")[0] for line in silent} <= set(obvious)
