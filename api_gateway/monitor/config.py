"""Runtime configuration of the monitor: overrides in Redis on top of what the gateway started with.

Every gateway reads the overrides in each round, so a change needs no restart and survives one. An override is stored
under its path, such as `timeout_levels/warning` or `per_task/faster_whisper.transcribe_audio/hard_timeout`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import structlog
from pydantic import ValidationError
from pydantic_core import from_json, to_json

from common.errors import InvalidInput
from common.settings import MonitorSettings
from common.state import keys
from common.state import work_scripts as scripts
from common.state.client import AsyncRedis, translate_errors

REVISION = "revision"
FIXED = {"heartbeat/interval": "Workers read heartbeat.interval when they start: set it in the file."}
SettingSource = Literal["default", "file", "environment", "runtime"]
Tree = Mapping[str, Any]
log = structlog.get_logger()


class RuntimeConfig:
    """The effective settings. `current` is a new object after each change."""

    def __init__(self, redis: AsyncRedis, started_with: MonitorSettings, given: Mapping[str, Tree]) -> None:
        """`given` holds the values of the environment and the file, highest precedence first."""
        self.redis = redis
        self.base = started_with
        self.given = given
        self.current = started_with
        self.stored: dict[str, str] = {}
        self.ignored: str | None = None
        """Why the overrides are not applied, if they conflict with what this gateway started with."""

    async def refresh(self) -> None:
        """Apply the stored overrides. If they are invalid, none is applied, and that is reported."""
        stored = await self.read()
        if stored == self.stored:
            return
        self.stored = stored
        try:
            self.current, self.ignored = self.with_overrides(stored), None
        except ValidationError as error:
            self.current, self.ignored = self.base, describe(error)
            log.warning("monitor_config_ignored", error=self.ignored)
        else:
            log.info("monitor_config_applied", overrides=sorted(overrides(stored)))

    async def read(self) -> dict[str, str]:
        with translate_errors():
            return await self.redis.client.hgetall(keys.MONITOR_CONFIG)

    def with_overrides(self, stored: Mapping[str, str]) -> MonitorSettings:
        tree = self.base.model_dump()
        for path, text in overrides(stored).items():
            put(tree, path.split("/"), from_json(text))
        return MonitorSettings.model_validate(tree)

    async def change(self, change: Tree) -> None:
        """Set or, with null, remove overrides; all of them or none.

        Raises:
            InvalidInput: the resulting settings are invalid.
        """
        leaves = dict(flatten(change))
        for path in FIXED.keys() & leaves.keys():
            raise InvalidInput(FIXED[path])
        while not await self.try_to_change(leaves):
            continue  # another change was made in between; read its result
        await self.refresh()

    async def try_to_change(self, leaves: Mapping[str, Any]) -> bool:
        stored = await self.read()
        removed = [path for path in overrides(stored) if any(is_prefix(leaf, path) for leaf in nulls(leaves))]
        added = {path: to_json(value).decode() for path, value in leaves.items() if value is not None}
        kept = {path: text for path, text in stored.items() if path not in removed}
        try:
            self.with_overrides({**kept, **added})
        except ValidationError as error:
            raise InvalidInput(f"The settings would be invalid: {describe(error)}.") from error
        call = scripts.configure(
            config=keys.MONITOR_CONFIG,
            revision=stored.get(REVISION, ""),
            removed=len(removed),
            changes=[*removed, *(part for pair in added.items() for part in pair)],
        )
        return await self.redis.commit(call.then(bool))

    def sources(self) -> dict[str, SettingSource]:
        """Return where each value comes from, by its path."""
        runtime = {} if self.ignored else overrides(self.stored)
        return {path: self.source(path, runtime) for path, _ in flatten(self.current.model_dump(exclude_none=False))}

    def source(self, path: str, runtime: Mapping[str, str]) -> SettingSource:
        if path in runtime:
            return "runtime"
        if contains_path(self.given["environment"], path):
            return "environment"
        return "file" if contains_path(self.given["file"], path) else "default"


def overrides(stored: Mapping[str, str]) -> dict[str, str]:
    return {path: text for path, text in stored.items() if path != REVISION}


def flatten(tree: Tree, above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value that is not an object, with its path."""
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{above}{name}/")
        else:
            yield f"{above}{name}", value


def put(tree: dict[str, Any], path: list[str], value: Any) -> None:
    *above, last = path
    for name in above:
        below = tree.get(name)
        tree[name] = tree = dict(below) if isinstance(below, Mapping) else {}
    tree[last] = value


def nulls(leaves: Mapping[str, Any]) -> list[str]:
    return [path for path, value in leaves.items() if value is None]


def is_prefix(path: str, other: str) -> bool:
    return other == path or other.startswith(f"{path}/")


def contains_path(tree: Tree, path: str) -> bool:
    for name in path.split("/"):
        if not isinstance(tree, Mapping) or name not in tree:
            return False
        tree = tree[name]
    return True


def describe(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, item['loc'])) or 'together'}: {item['msg']}" for item in error.errors())
