"""The page of models that Baton can download by name."""

from collections.abc import Iterable

import services
from common.models.spec import KnownModels, ModelFamily, ModelSpec
from docs.writer.markdown import code, join_blocks, table

INTRO = """A model is named `<engine>/<name>` and stored in `share/models/<engine>/<name>/`. The first task that
needs a model downloads it. [Models](../how-to/models.md) explains downloads, and how to work without a network. A
task may also name your own folder under `share/models`. This page does not list PaddleOCR's models, which
PaddleOCR downloads itself, or language models, which the provider hosts."""


def page(families: Iterable[ModelFamily]) -> str:
    """Return the page, a table for each engine."""
    families = list(families)
    named = KnownModels(families).defaults(services.settings())
    parts = ["# Models", INTRO]
    for family in families:
        rows = ((code(spec.name), origin(spec), use(spec, named)) for spec in family.specs)
        parts += [f"## {code(family.engine)}", table(("name", "repository on the hub", "default of"), rows)]
    return join_blocks(parts)


def origin(spec: ModelSpec) -> str:
    return code(spec.repository) if spec.repository else "none; ships with Baton, for demo and tests"


def use(spec: ModelSpec, named: dict[str, list[str]]) -> str:
    return ", ".join(map(code, named.get(spec.id, [])))
