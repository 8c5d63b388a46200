"""The named Whisper models, and their abilities."""

from common.models.spec import ModelFamily, ModelSpec

ENGINE = "faster_whisper"
WANTED = ("config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.*")
REQUIRED = ("model.bin", "config.json", "tokenizer.json", "vocabulary.*")

TEST_MODEL = "tiny-test"
"""Ships with Baton for its demo and its tests; knows a hundred words of synthetic speech."""

REPOSITORIES = {
    "tiny": "Systran/faster-whisper-tiny",
    "tiny.en": "Systran/faster-whisper-tiny.en",
    "base": "Systran/faster-whisper-base",
    "base.en": "Systran/faster-whisper-base.en",
    "small": "Systran/faster-whisper-small",
    "small.en": "Systran/faster-whisper-small.en",
    "medium": "Systran/faster-whisper-medium",
    "medium.en": "Systran/faster-whisper-medium.en",
    "large-v1": "Systran/faster-whisper-large-v1",
    "large-v2": "Systran/faster-whisper-large-v2",
    "large-v3": "Systran/faster-whisper-large-v3",
    "large-v3-turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
    "distil-small.en": "Systran/faster-distil-whisper-small.en",
    "distil-medium.en": "Systran/faster-distil-whisper-medium.en",
    "distil-large-v2": "Systran/faster-distil-whisper-large-v2",
    "distil-large-v3": "Systran/faster-distil-whisper-large-v3",
    "distil-large-v3.5": "distil-whisper/distil-large-v3.5-ct2",
}
"""The repositories that faster-whisper's own names stand for. A test compares them."""

NAMES = (TEST_MODEL, *REPOSITORIES)
MODELS = ModelFamily(
    ENGINE,
    specs=(
        ModelSpec(ENGINE, TEST_MODEL, required=REQUIRED, shipped="whisper"),
        *(
            ModelSpec(ENGINE, name, repository, wanted=WANTED, required=REQUIRED)
            for name, repository in REPOSITORIES.items()
        ),
    ),
    defaults=("gpu_model", "gpu_translation_model", "cpu_model"),
)


def english_only(name: str) -> bool:
    return name.endswith(".en") or name.startswith("distil-")


def translates(name: str) -> bool:
    """Return whether a model was trained to translate; others return the language they detect."""
    return not english_only(name) and not name.endswith("-turbo")
