"""Load the settings: environment (`BATON_SECTION__KEY`) over `config/baton.yaml` over the defaults."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError, create_model
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)
from typing_extensions import override
from yaml import YAMLError

from common.errors import NotStartable
from common.settings.gateway import AuthSettings, CallbackSettings, GatewaySettings
from common.settings.gpu import GpuLockSettings, GpuSettings
from common.settings.monitor import MonitorSettings
from common.settings.paths import ModelSettings, RedisSettings, StorageSettings
from common.settings.section import AnySection, Section
from common.settings.tasks import LogSettings, TaskSettings, WorkerSettings

ENV_PREFIX = "BATON_"
CONFIG_VARIABLE = "BATON_CONFIG"
DEFAULT_CONFIG = Path("config/baton.yaml")


class Settings(BaseSettings):
    """All settings, by section."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    redis: RedisSettings = RedisSettings()
    storage: StorageSettings = StorageSettings()
    models: ModelSettings = ModelSettings()
    gateway: GatewaySettings = GatewaySettings()
    auth: AuthSettings = AuthSettings()
    callbacks: CallbackSettings = CallbackSettings()
    tasks: TaskSettings = TaskSettings()
    worker: WorkerSettings = WorkerSettings()
    gpu: GpuSettings = GpuSettings()
    gpu_lock: GpuLockSettings = GpuLockSettings()
    gpu_lock_monitor: MonitorSettings = MonitorSettings()
    log: LogSettings = LogSettings()

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        """Pass a spawned process the settings of its parent, whatever the file contains by then."""
        return restore_settings, (dict(self),)

    def section(self, kind: type[AnySection]) -> AnySection:
        """Return the section of this type: how a service reads its own."""
        return next(value for value in vars(self).values() if isinstance(value, kind))

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, YamlConfigSettingsSource(settings_cls, yaml_file=config_file())


def config_file() -> Path:
    return Path(os.environ.get(CONFIG_VARIABLE, DEFAULT_CONFIG))


def load(sections: Mapping[str, type[Section]], **overrides: Any) -> Settings:
    """Load the settings, with one additional section per service.

    Raises:
        NotStartable: an unknown key or variable, or an invalid value; the message names each.
    """
    model = with_sections(sections)
    refuse_unknown_variables(model)
    refuse_missing_file()
    try:
        return model(**overrides)
    except ValidationError as error:
        raise NotStartable(f"The settings are invalid. {describe(error)}") from error
    except (ValueError, YAMLError) as error:  # not YAML, not a mapping, or not JSON in a variable
        raise NotStartable(f"The settings in {config_file()} or the environment cannot be read: {error}") from error


def with_sections(sections: Mapping[str, type[Section]]) -> type[Settings]:
    fields: dict[str, Any] = {name: (kind, kind()) for name, kind in sections.items()}
    return create_model("AllSettings", __base__=Settings, **fields)


def restore_settings(sections: Mapping[str, Any]) -> Settings:
    """Return settings with these values, which have already been validated."""
    return with_sections({name: type(section) for name, section in sections.items()}).model_construct(**sections)


def read_section(section: str) -> dict[str, dict[str, Any]]:
    """Return the values of a section in the environment and in the file, highest precedence first."""
    sources = {
        "environment": EnvSettingsSource(Settings),
        "file": YamlConfigSettingsSource(Settings, yaml_file=config_file()),
    }
    return {name: source().get(section) or {} for name, source in sources.items()}


def refuse_unknown_variables(model: type[Settings]) -> None:
    known = tuple(f"{ENV_PREFIX}{name.upper()}" for name in model.model_fields)
    for name in os.environ:
        section = name.partition("__")[0]
        if name.startswith(ENV_PREFIX) and name != CONFIG_VARIABLE and section not in known:
            raise NotStartable(f"There is no setting {name}. Known sections: {', '.join(sorted(known))}.")


def refuse_missing_file() -> None:
    if CONFIG_VARIABLE in os.environ and not config_file().is_file():
        raise NotStartable(f"{CONFIG_VARIABLE} names {config_file()}, but there is no such file.")


def describe(error: ValidationError) -> str:
    lines = (f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
    return f"Correct these in {config_file()} or in the environment: {'; '.join(lines)}."
