"""Model specifications: pure data, defined in `services/<engine>/models.py`."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from common.settings import Settings

EVERYTHING = ("*",)
OWN_FOLDERS = "models/"
"""Prefix of a path under share that refers to an unnamed model."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A named model. It is stored in share/models/<engine>/<name>."""

    engine: str
    """The service that loads it."""
    name: str
    """The name in requests."""
    repository: str = ""
    """Repository on the hub. A model without one is never downloaded."""
    revision: str | None = None
    """A branch, a tag or a commit; None is the newest."""
    wanted: tuple[str, ...] = EVERYTHING
    """Patterns of the files to download; `*` matches across folders."""
    required: tuple[str, ...] = ()
    """Patterns, each of which matches a file if the model is complete."""
    shipped: str | None = None
    """Folder of a tiny test model under `models.test_models`, if this is one."""

    @property
    def id(self) -> str:
        return f"{self.engine}/{self.name}"

    @property
    def test_model(self) -> bool:
        return self.shipped is not None


@dataclass(frozen=True, slots=True)
class ModelFamily:
    """All models of one service."""

    engine: str
    specs: tuple[ModelSpec, ...]
    defaults: tuple[str, ...] = ()
    """The service's settings that name the default model."""

    @property
    def by_name(self) -> dict[str, ModelSpec]:
        return {spec.name: spec for spec in self.specs}

    def resolve(self, name: str) -> str:
        """Return the name of a model, or a folder under share/models.

        Raises:
            ValueError: it is neither.
        """
        if name not in self.by_name and not name.startswith(OWN_FOLDERS):
            choices = ", ".join(self.by_name)
            raise ValueError(f"unknown model; choose {choices}, or a folder under share as {OWN_FOLDERS}my-model")
        return name

    @property
    def downloadable(self) -> tuple[str, ...]:
        return tuple(spec.name for spec in self.specs if spec.repository)


class KnownModels(dict[str, ModelSpec]):
    """The models of all services, by id."""

    def __init__(self, families: Iterable[ModelFamily] = ()) -> None:
        self.families = tuple(families)
        super().__init__((spec.id, spec) for family in self.families for spec in family.specs)

    def defaults(self, settings: Settings) -> dict[str, list[str]]:
        """Return the settings that name each model, by model id."""
        named: dict[str, list[str]] = defaultdict(list)
        for family in self.families:
            section = getattr(settings, family.engine)
            for setting in family.defaults:
                named[f"{family.engine}/{getattr(section, setting)}"].append(f"{family.engine}.{setting}")
        return dict(named)
