"""The engines that can make drafts, the models of each, and which of them a request means."""

from typing import Literal

from common.models.spec import ModelFamily
from services.dual_stream.models import MODELS as PARAKEETS
from services.faster_whisper.models import MODELS as WHISPERS
from services.faster_whisper.models import english_only
from services.sensevoice.models import MODELS as SENSEVOICES

DraftEngineName = Literal["sensevoice", "whisper", "parakeet"]
DraftEngineChoice = Literal["auto", "sensevoice", "whisper", "parakeet", "none"]
"""`auto` chooses by language, `none` makes no drafts."""

SENSEVOICE_LANGUAGES = frozenset({"zh", "en", "yue", "ja", "ko"})
"""The languages that can be given to SenseVoice."""
PARAKEET_LANGUAGES = frozenset(
    [
        "bg",
        "cs",
        "da",
        "de",
        "el",
        "en",
        "es",
        "et",
        "fi",
        "fr",
        "hr",
        "hu",
        "it",
        "lt",
        "lv",
        "mt",
        "nl",
        "pl",
        "pt",
        "ro",
        "ru",
        "sk",
        "sl",
        "sv",
        "uk",
    ]
)
"""The languages of Parakeet TDT v3."""
SMALL = frozenset({"tiny-test", "tiny", "tiny.en", "base", "base.en", "small", "small.en"})
"""Whisper models that draft on a CPU before the final is there."""

FAMILIES: dict[DraftEngineName, ModelFamily] = {
    "sensevoice": SENSEVOICES,
    "whisper": ModelFamily(WHISPERS.engine, tuple(spec for spec in WHISPERS.specs if spec.name in SMALL)),
    "parakeet": PARAKEETS,
}


def resolve_draft_model(name: str) -> str:
    """Return the name of a draft model of any engine, or a folder under share/models.

    Raises:
        ValueError: it is neither.
    """
    return name if engines_of(name) else all_families().resolve(name)


def all_families() -> ModelFamily:
    specs = {spec.name: spec for family in FAMILIES.values() for spec in family.specs}
    return ModelFamily("dual_stream", tuple(specs.values()))


def engines_of(model: str) -> list[DraftEngineName]:
    """Return the engines that may have a model of this name. A folder may be a model of any of them."""
    found: list[DraftEngineName] = []
    for engine, family in FAMILIES.items():
        try:
            family.resolve(model)
        except ValueError:
            continue
        found.append(engine)
    return found


def chosen_engine(wanted: DraftEngineChoice, model: str | None) -> DraftEngineChoice:
    """Return the engine that is wanted, or, if it has no such model, the first one that has."""
    if model is None or wanted in (owners := engines_of(model)):
        return wanted
    return owners[0]


def engine_for(
    language: str | None, models: dict[DraftEngineName, str], choice: DraftEngineChoice = "auto"
) -> DraftEngineName | None:
    """Return the engine that drafts a language, of those that have a model; None if there is none.

    SenseVoice drafts the languages it knows, and those that nobody has detected; Whisper drafts the others.
    """
    if choice == "parakeet":
        return choice if language is None or language in PARAKEET_LANGUAGES else None
    if choice != "auto":
        return choice if choice != "none" and choice in models else None
    if "sensevoice" in models and (language is None or language in SENSEVOICE_LANGUAGES):
        return "sensevoice"
    if "whisper" in models and not (english_only(models["whisper"]) and language not in {None, "en"}):
        return "whisper"
    return None


def engines_needed(choice: DraftEngineChoice, language: str | None) -> list[DraftEngineName]:
    """Return the engines that may draft: an unknown `language` (None) may be any."""
    if choice == "none":
        return []
    if choice != "auto":
        return [choice]
    if language is None:
        return ["sensevoice", "whisper"]
    return ["sensevoice"] if language in SENSEVOICE_LANGUAGES else ["whisper"]
