"""The models that Baton knows by name."""

from collections.abc import Iterable

import services
from common.models.spec import KnownModels, ModelFamily, ModelSpec
from docs.writer.markdown import code, join_blocks, table

INTRO = """A model is `<engine>/<name>` and lies in `share/models/<engine>/<name>/`; a task that wants one downloads
it first. [Models](../how-to/models.md) says how, and what to do without a network. A task may also name a folder of
your own under `share/models`. PaddleOCR brings its models itself and lists none here; language models belong to their
provider."""


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
