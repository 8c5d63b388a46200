"""What is known of a model without having it: pure data, which `services/<engine>/models.py` holds."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from common.settings import Settings

EVERYTHING = ("*",)
OWN_FOLDERS = "models/"
"""How a path under share begins that leads to a model without a name."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model that has a name. It lies, or will lie, in share/models/<engine>/<name>."""

    engine: str
    """The service that loads it."""
    name: str
    """What a client writes."""
    repository: str = ""
    """On the hub. Without one it is never downloaded."""
    revision: str | None = None
    """A branch, a tag or a commit; None is the newest."""
    wanted: tuple[str, ...] = EVERYTHING
    """Patterns of the files to bring from there; `*` reaches into folders."""
    required: tuple[str, ...] = ()
    """Patterns, each of which finds a file where the model is whole."""
    shipped: str | None = None
    """The folder of a tiny test model under `models.test_models`; others have none."""

    @property
    def id(self) -> str:
        return f"{self.engine}/{self.name}"

    @property
    def test_model(self) -> bool:
        return self.shipped is not None


@dataclass(frozen=True, slots=True)
class ModelFamily:
    """Every model that one service knows."""

    engine: str
    specs: tuple[ModelSpec, ...]
    defaults: tuple[str, ...] = ()
    """The settings of the service that name the model to take where a task names none."""

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
        """Return the settings that name each model, by the model's id."""
        named: dict[str, list[str]] = defaultdict(list)
        for family in self.families:
            section = getattr(settings, family.engine)
            for setting in family.defaults:
                named[f"{family.engine}/{getattr(section, setting)}"].append(f"{family.engine}.{setting}")
        return dict(named)
