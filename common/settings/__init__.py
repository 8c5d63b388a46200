"""Typed settings: environment (`BATON_SECTION__KEY`) over `config/baton.yaml` over the defaults defined here.

Unknown keys and unknown `BATON_` variables are errors at start: an option that nothing reads is never ignored. The
section of a service is in `services/<name>/settings.py`; `services.settings()` combines all of them.
"""

from common.settings.gateway import AuthSettings, CallbackSettings, GatewaySettings
from common.settings.gpu import GpuLockSettings, GpuSettings
from common.settings.load import CONFIG_VARIABLE, DEFAULT_CONFIG, ENV_PREFIX, Settings, config_file, load, read_section
from common.settings.monitor import HeartbeatSettings, MonitorSettings, TaskLevels, TimeoutLevels
from common.settings.paths import ModelSettings, RedisSettings, StorageSettings
from common.settings.section import GIB, KIB, MIB, AnySection, KeyHash, Port, Seconds, Section
from common.settings.tasks import LogSettings, TaskSettings, WorkerSettings

__all__ = [
    "CONFIG_VARIABLE",
    "DEFAULT_CONFIG",
    "ENV_PREFIX",
    "GIB",
    "KIB",
    "MIB",
    "AnySection",
    "AuthSettings",
    "CallbackSettings",
    "GatewaySettings",
    "GpuLockSettings",
    "GpuSettings",
    "HeartbeatSettings",
    "KeyHash",
    "LogSettings",
    "ModelSettings",
    "MonitorSettings",
    "Port",
    "RedisSettings",
    "Seconds",
    "Section",
    "Settings",
    "StorageSettings",
    "TaskLevels",
    "TaskSettings",
    "TimeoutLevels",
    "WorkerSettings",
    "config_file",
    "load",
    "read_section",
]
