"""The pages of tasks: input and output of each, from its contract."""

from collections.abc import Iterable, Iterator

from common.contract import Catalog, Contract
from docs.writer.markdown import code, join_blocks, prose, table
from docs.writer.schema import Schema, describe_long_choices, fields, nested_objects

HOUR_S = 3600

INTRO = """All values that `task_name` may have in `POST /v1/tasks`. A running gateway returns the same information
in `GET /v1/catalog` (as JSON Schema) and at `/docs`; `baton catalog` prints it."""
FILES = """A *media file* is a path under share, a file id from `POST /v1/files`, or an `http(s)://` or `s3://`
URL. A *file* in an output is an object with `path` (relative to share), `url` (relative to the gateway; `GET` it)
and `size` (bytes). A task with an unknown input field is refused."""


def index(catalog: Catalog) -> str:
    """Return the page that lists every task."""
    rows = (
        (f"[{code(one.name)}]({one.queue}.md#{anchor(one)})", device(one), prose(one.summary))
        for one in catalog.values()
    )
    return join_blocks(
        [
            "# Tasks",
            INTRO,
            table(("task", "device", "what it does"), rows),
        ]
    )


def page(service: str, contracts: Iterable[Contract]) -> str:
    """Return the page of a service; objects that fields refer to are listed once, at the end."""
    contracts = list(contracts)
    parts = [f"# The tasks of {code(service)}", FILES, *(part for one in contracts for part in describe_task(one))]
    objects = {name: part for one in contracts for name, part in describe_objects(one)}
    return join_blocks([*parts, *(["## Objects"] if objects else []), *objects.values()])


def describe_task(contract: Contract) -> Iterator[str]:
    given, got = input_schema(contract), contract.output.model_json_schema(mode="serialization")
    yield f"## {code(contract.name)}"
    yield f"{prose(contract.summary)} Device: {device(contract)}. Time limit: {hours(contract)}."
    yield "**Input**"
    yield fields(given, given, given=True) or "None."
    yield from describe_long_choices(given)
    yield "**Output**"
    yield fields(got, got, given=False)


def input_schema(contract: Contract) -> Schema:
    """Return the schema of the input, including defaults that come from a factory."""
    schema = contract.input.model_json_schema()
    for name, field in contract.input.model_fields.items():
        if field.default_factory is not None:
            schema["properties"][name]["default"] = field.get_default(call_default_factory=True, validated_data={})
    return schema


def describe_objects(contract: Contract) -> Iterator[tuple[str, str]]:
    """Yield the name and the description of each object that the fields refer to, first those of the output."""
    for root, given in (
        (contract.output.model_json_schema(mode="serialization"), False),
        (input_schema(contract), True),
    ):
        for name, shape in nested_objects(root):
            words = prose(shape.get("description", ""))
            yield (
                name,
                join_blocks(
                    [f"### {name}", words, fields(shape, root, given=given), *describe_long_choices(shape)]
                ).rstrip(),
            )


def device(contract: Contract) -> str:
    return "GPU if present" if contract.needs_gpu else "CPU"


def hours(contract: Contract) -> str:
    return f"{contract.soft_time_limit.total_seconds() / HOUR_S:g} hours"


def anchor(contract: Contract) -> str:
    """Return the anchor of a task's heading, which has no punctuation."""
    return contract.name.replace(".", "")
