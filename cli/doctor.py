"""The checks of `baton doctor`: one function each, which returns its finding."""

import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from redis import Redis, RedisError

import services
from cli.stack.folder import StateDir
from cli.stack.plan import Plan, configured_redis, read_settings
from common.errors import BatonError, NotStartable
from common.files.storage import Storage
from common.gpu.devices import find_cards
from common.models.storage_paths import ModelPaths
from common.settings import GIB, Settings
from services.ffmpeg.execution.program import find_program
from services.ffmpeg.settings import FfmpegSettings

OLDEST_PYTHON = (3, 11)
REDIS_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class Finding:
    fine: bool
    text: str


@dataclass(frozen=True, slots=True)
class Machine:
    """What the checks examine."""

    state_dir: StateDir
    settings: Settings
    share: Path

    @classmethod
    def of_settings(cls, state_dir: StateDir) -> "Machine":
        return cls(state_dir, read_settings(), Plan.of_settings(state_dir).share)


def run_checks(machine: Machine) -> dict[str, Finding]:
    """Run every check; a check that raises a Baton error has failed with that message."""
    return {name: run_check(check, machine) for name, check in CHECKS.items()}


def run_check(check: Callable[[Machine], Finding], machine: Machine) -> Finding:
    try:
        return check(machine)
    except BatonError as error:
        return Finding(fine=False, text=f"{error.code}: {error.message}")


def check_python(_: Machine) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding(sys.version_info[:2] >= OLDEST_PYTHON, f"{version} ({sys.executable})")


def check_ffmpeg(machine: Machine) -> Finding:
    return Finding(fine=True, text=str(find_program(machine.settings.section(FfmpegSettings).binary)))


def check_redis(machine: Machine) -> Finding:
    url = machine.state_dir.running_redis_url() or configured_redis(machine.settings)
    if url is None:
        return Finding(fine=True, text="none is configured; `baton up` starts its own")
    try:
        with Redis.from_url(url, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S) as client:
            version = client.info("server")["redis_version"]
    except (RedisError, OSError) as error:
        return Finding(fine=False, text=f"does not answer: {error}. Start it, or correct redis.url.")
    return Finding(fine=True, text=f"{version} answers")


def check_share(machine: Machine) -> Finding:
    folder = next(folder for folder in (machine.share, *machine.share.parents) if folder.exists())
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        return Finding(fine=False, text=f"{machine.share} cannot be written: {error.strerror}. Check storage.share.")
    return Finding(fine=True, text=f"{machine.share} {'is writable' if folder == machine.share else 'can be created'}")


def check_disk(machine: Machine) -> Finding:
    existing = next(folder for folder in (machine.share, *machine.share.parents) if folder.exists())
    free, floor = shutil.disk_usage(existing).free, machine.settings.storage.min_free_bytes
    text = f"{free / GIB:.1f} GiB are free; tasks start above {floor / GIB:.1f} GiB (storage.min_free_bytes)"
    return Finding(free >= floor, text)


def check_gpu(machine: Machine) -> Finding:
    wanted = machine.settings.gpu.device
    try:
        names = [f"{card.name}, {card.total_mib} MiB" for card in find_cards()]
    except NotStartable:
        if wanted == "nvidia":
            raise
        names = []
    return Finding(fine=bool(names) or wanted != "nvidia", text="; ".join(names) or f"no GPU; gpu.device is {wanted}")


def check_models(machine: Machine) -> Finding:
    places = ModelPaths(Storage(machine.share), machine.settings.models)
    named = [spec for family in services.models() for spec in family.specs if not spec.test_model]
    states = {spec.id: places.find(spec) for spec in named}
    present = sorted(name for name, state in states.items() if state == "present")
    damaged = sorted(name for name, state in states.items() if state == "damaged")
    if damaged:
        text = f"files are missing in {', '.join(damaged)}. Remove these folders under share/models."
        return Finding(fine=False, text=text)
    offline = machine.settings.models.offline
    missing = "none; models.offline forbids downloads" if offline else "none yet; a task downloads what it needs"
    return Finding(bool(present) or not offline, ", ".join(present) or missing)


CHECKS: dict[str, Callable[[Machine], Finding]] = {
    "Python": check_python,
    "ffmpeg": check_ffmpeg,
    "Redis": check_redis,
    "share": check_share,
    "disk": check_disk,
    "GPU": check_gpu,
    "models": check_models,
}
