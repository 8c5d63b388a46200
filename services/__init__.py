"""The services: one folder per worker. This module finds their contracts, models and settings."""

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from common.contract import Catalog, Contract
from common.models.spec import ModelFamily
from common.settings import Section, Settings, load

HERE = Path(__file__).parent


def modules(name: str) -> dict[str, ModuleType]:
    """Import `services/<service>/<name>.py` of every service that has one."""
    found = sorted(HERE.glob(f"*/{name}.py"))
    return {file.parent.name: import_module(f"services.{file.parent.name}.{name}") for file in found}


def catalog() -> Catalog:
    """Return every contract of every service."""
    values = (value for module in modules("contracts").values() for value in vars(module).values())
    return Catalog({value.name: value for value in values if isinstance(value, Contract)})


def models() -> list[ModelFamily]:
    """Return the models named by the services' contracts."""
    values = (value for module in modules("contracts").values() for value in vars(module).values())
    return list({value.engine: value for value in values if isinstance(value, ModelFamily)}.values())


def settings(**overrides: Any) -> Settings:
    """Load the settings, including each service's own section."""
    return load({name: section_of(module) for name, module in modules("settings").items()}, **overrides)


def section_of(module: ModuleType) -> type[Section]:
    kinds = (kind for kind in vars(module).values() if isinstance(kind, type) and kind.__module__ == module.__name__)
    return next(kind for kind in kinds if issubclass(kind, Section))
