"""A service has all its parts: what the guide to a new one asks for is there."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SERVICES = sorted(file.parent.name for file in (ROOT / "services").glob("*/contracts.py"))


def stanzas(name: str) -> set[str]:
    """Return the services of a compose file, whose `!reset` is a tag of its own."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("!reset", "")
    return set(yaml.safe_load(text)["services"])


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_its_image_its_pins_its_container_and_its_row(name: str) -> None:
    assert (ROOT / "services" / name / "Dockerfile").is_file()
    for suffix in ("in", "txt"):
        assert (ROOT / "requirements" / f"{name}.{suffix}").is_file()
    for file in ("docker-compose.yml", "compose.external-redis.yml"):
        assert name in stanzas(file)
    for file in ("README.md", "README.zh-CN.md"):
        assert f"| [`{name}`](docs/reference/tasks/{name}.md) |" in (ROOT / file).read_text(encoding="utf-8")


def compose() -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, dict[str, str]]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    return loaded["services"]


@pytest.mark.parametrize("name", compose())
@pytest.mark.parametrize("limit", ["mem_limit", "pids_limit"])
def test_a_container_has_limits_that_the_environment_changes(name: str, limit: str) -> None:
    variable = re.fullmatch(r"\$\{(\w+):-(\w+)\}", compose()[name][limit])
    assert variable
    assert f"#{variable[1]}={variable[2]}\n" in (ROOT / ".env.example").read_text("utf-8")
