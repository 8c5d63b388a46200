"""Third-party packages that an image's code imports but its requirements file does not install."""

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

from grimp import ImportGraph, build_graph
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
OUR_PACKAGES = ("api_gateway", "cli", "common", "services")
READ_OF_EVERY_SERVICE = ("settings",)
"""`services.settings()` imports these modules of all services by name, in every process."""
READ_BY_THE_GATEWAY = ("contracts", "models", "settings")
DISTRIBUTIONS = {
    "cv2": ("opencv-contrib-python",),
    "paddleocr": ("paddleocr",),
    "pyannote": ("pyannote-audio",),
    "torch": ("torch",),
}
"""Distributions of import names that are not installed here, or that come from another distribution in an image."""
IMAGE_PYTHON = {
    "python_version": "3.11",
    "python_full_version": "3.11.9",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_python_implementation": "CPython",
    "implementation_name": "cpython",
}


@dataclass(frozen=True)
class Image:
    """The image installs `requirements`; `optional` packages may be absent, each for a reason."""

    name: str
    requirements: str
    optional: Mapping[str, str] = field(default_factory=dict)

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages whose modules all run in this image."""
        return ("api_gateway",) if self.name == "gateway" else (f"services.{self.name}",)

    @property
    def by_name(self) -> tuple[str, ...]:
        """The modules that the image imports from every service by name, without an import statement."""
        return READ_BY_THE_GATEWAY if self.name == "gateway" else READ_OF_EVERY_SERVICE


def load_graph() -> ImportGraph:
    """Return the import graph, including imports in functions, excluding imports for type checking only."""
    return build_graph(
        *OUR_PACKAGES, include_external_packages=True, exclude_type_checking_imports=True, cache_dir=None
    )


def find_missing_packages(graph: ImportGraph, image: Image) -> dict[str, list[str]]:
    """Return the packages that the image's code imports but its requirements do not install, with their importers."""
    modules = find_reachable(graph, find_roots(graph, image))
    installed = read_pins(image.requirements)
    wanted = {name for name in modules if is_third_party(name)}
    return {
        name: sorted(graph.find_modules_that_directly_import(name) & modules)
        for name in sorted(wanted)
        if name.partition(".")[0] not in image.optional and not installed & find_distributions(name)
    }


def find_roots(graph: ImportGraph, image: Image) -> set[str]:
    named = {f"services.{service}.{name}" for service in list_services() for name in image.by_name}
    own = {module for module in graph.modules for package in image.packages if is_below(module, package)}
    entry = {"services"} if image.name == "gateway" else {"services", "services.__main__"}
    return (named & graph.modules) | own | entry


def list_services() -> list[str]:
    return sorted(file.parent.name for file in (ROOT / "services").glob("*/contracts.py"))


def is_below(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def find_reachable(graph: ImportGraph, starts: Collection[str]) -> set[str]:
    """Return all modules that these import, directly or indirectly. An import also imports the parent packages."""
    found: set[str] = set()
    left = list(starts)
    while left:
        module = left.pop()
        if module not in found:
            found.add(module)
            left.extend(graph.find_modules_directly_imported_by(module))
            left.extend(package for package in list_packages_above(module) if package in graph.modules)
    return found


def list_packages_above(module: str) -> Iterator[str]:
    while "." in module:
        module = module.rpartition(".")[0]
        yield module


def is_third_party(module: str) -> bool:
    top = module.partition(".")[0]
    return top not in OUR_PACKAGES and top not in sys.stdlib_module_names


def find_distributions(module: str) -> set[str]:
    """Return the distributions that contain a module.

    Raises:
        AssertionError: no distribution is known, so the image cannot be checked.
    """
    top = module.partition(".")[0]
    found = {*map_installed_names().get(top, ()), *DISTRIBUTIONS.get(top, ())}
    assert found, f"no installed distribution contains {top}: add it to DISTRIBUTIONS in {__name__}"
    return set(normalize_names(found))


@cache
def map_installed_names() -> Mapping[str, list[str]]:
    return packages_distributions()


def read_pins(requirements: str) -> set[str]:
    """Return the distributions that a requirements file installs in an image."""
    lines = (ROOT / "requirements" / requirements).read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return set(normalize_names(each.name for each in wanted if not each.marker or each.marker.evaluate(IMAGE_PYTHON)))


def normalize_names(names: Iterable[str]) -> Iterator[str]:
    return (canonicalize_name(name) for name in names)
