"""What the pages tell to type exists: targets of make, commands and options of baton, variables, settings, tasks."""

import re
from functools import cache
from typing import Any

import pytest
import typer

import services
from cli.main import app
from cli.stack.demo import TITLES
from docs.writer.settings import paths, variable
from tests.support.markdown import ROOT, Page

TARGET = re.compile(r"^([a-z-]+):.*## ", re.MULTILINE)
MAKE = re.compile(r"(?<![\w-])make ((?:[A-Z]+=\S* )*)([a-z]+(?:-[a-z]+)*)(?![-\w…*=])")
BATON = re.compile(r"(?:^|[\s/(])baton (?P<before>(?:--[\w-]+ \S+ )*)(?P<command>[a-z]+)(?P<rest>[^|&;>]*)")
OPTION = re.compile(r"(?<!\S)(--[a-z][a-z-]*)")
VARIABLE = re.compile(r"\b(BATON(?:CTL)?_(?:[A-Z0-9_]|<\w+>)*(?:[A-Z0-9]|<\w+>))")
DOTTED = re.compile(r"[a-z][a-z_0-9]*(?:\.[a-z][a-z_0-9]*)+")
QUOTED = re.compile(r"^> .*$", re.MULTILINE)
EXAMPLES = {"BATON_CONFIG", "BATON_SECTION__KEY", "BATON_<SECTION>__<KEY>"}
"""The one variable that is no setting, and the form of all others."""
FILES = (".md", ".py", ".txt", ".sh", ".json", ".yaml", ".yml", ".in", ".lua", ".mp4", ".srt", ".onnx", ".toml")
ALERTS = {"gpu_lock.warning", "gpu_lock.soft_timeout", "gpu_lock.hard_timeout", "gpu_lock.stuck"}
IDS = [str(page.path) for page in Page.all()]


@cache
def command_line() -> Any:
    return typer.main.get_command(app)


@cache
def targets() -> set[str]:
    return set(TARGET.findall((ROOT / "Makefile").read_text()))


def options(command: Any) -> set[str]:
    return {name for parameter in command.params for name in [*parameter.opts, *parameter.secondary_opts]} | {"--help"}


@cache
def known_variables() -> re.Pattern[str]:
    """Return what fits every variable: of settings, of the command line, and of the example programs."""
    settings = {re.sub(r"<\w+>", r"(?:<\\w+>|[A-Z0-9_]+?)", variable(path)) for path in paths()}
    commands = [command_line(), *command_line().commands.values()]
    of_commands = {parameter.envvar for command in commands for parameter in command.params if parameter.envvar}
    programs = {name for file in (ROOT / "docs" / "examples").iterdir() for name in VARIABLE.findall(file.read_text())}
    return re.compile("|".join(sorted(settings | of_commands | programs | EXAMPLES)))


@cache
def sections() -> set[str]:
    """Return every setting, and the sections above it."""
    return {path[:end] for path in paths() for end in [*(found.start() for found in re.finditer(r"\.", path)), None]}


@pytest.mark.parametrize("page", Page.all(), ids=IDS)
def test_every_target_of_make_exists(page: Page) -> None:
    named = {match[2] for line in page.code for match in MAKE.finditer(line)}
    assert named <= targets()


@pytest.mark.parametrize("page", Page.all(), ids=IDS)
def test_every_command_of_baton_exists_with_its_options(page: Page) -> None:
    wrong = [match[0].strip() for line in page.code for match in BATON.finditer(line) if not exists(match)]
    assert wrong == []


def exists(match: re.Match[str]) -> bool:
    found = command_line().commands.get(match["command"])
    if found is None or not set(OPTION.findall(match["before"])) <= options(command_line()):
        return False
    return set(OPTION.findall(match["rest"])) <= options(found)


@pytest.mark.parametrize("page", Page.all(), ids=IDS)
def test_every_variable_is_a_setting(page: Page) -> None:
    named = set(VARIABLE.findall(QUOTED.sub("", page.text)))
    assert {name for name in named if not known_variables().fullmatch(name)} == set()


def test_every_variable_of_the_example_environment_is_a_setting() -> None:
    named = VARIABLE.findall((ROOT / ".env.example").read_text())
    assert {name for name in named if not known_variables().fullmatch(name)} == set()


@pytest.mark.parametrize("page", Page.all(), ids=IDS)
def test_every_name_in_a_section_of_the_settings_is_a_setting_or_a_task(page: Page) -> None:
    known = sections() | services.catalog().keys() | ALERTS
    named = {token.content for token in page.inline if token.type == "code_inline" and DOTTED.fullmatch(token.content)}
    first = {path.partition(".")[0] for path in paths()}
    candidates = {name for name in named if name.partition(".")[0] in first and not name.endswith(FILES)}
    assert candidates - known == set()


def test_the_tutorial_shows_the_titles_of_the_demo() -> None:
    tutorial = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    assert re.search(r"^" + r" +".join(map(re.escape, TITLES)) + r"$", tutorial, re.MULTILINE)
