"""Names of models as OpenAI's clients and other servers write them, and what they stand for here."""

from api_gateway.openai.errors import UnsupportedValue
from services.faster_whisper.models import ENGINE, NAMES, REPOSITORIES

CONFIGURED = frozenset(
    {
        "whisper-1",
        "gpt-transcribe",
        "gpt-4o-transcribe",
        "gpt-4o-mini-transcribe",
        "gpt-4o-mini-transcribe-2025-12-15",
    }
)
"""OpenAI's own models, all of which stand for the model configured for this device."""
DIARIZING = "gpt-4o-transcribe-diarize"
SPEAKERS = "Speakers are identified by the tasks pyannote.diarize_speakers and subtitle.assign_speakers, not here."
VENDOR = "openai/"
"""Prefix of proxies such as LiteLLM, and of OpenAI's own repositories at Hugging Face."""
FAMILY = "whisper-"
SHORT = {"large": "large-v3", "turbo": "large-v3-turbo"}
"""Names that faster-whisper has for models with another name, too."""
BY_REPOSITORY = {repository: name for name, repository in REPOSITORIES.items()}


def resolve(name: str) -> str | None:
    """Return the model of our contract that a name stands for, None for the configured one.

    The ids of `GET /v1/models` are known (`faster_whisper/base`), the repositories (`Systran/faster-whisper-base`), the
    names of OpenAI's open models (`whisper-large-v3`, `openai/whisper-large-v3`), and OpenAI's own. A name that is none
    of these is returned as it is.

    Raises:
        UnsupportedValue: OpenAI's model tells speakers apart.
    """
    plain = name.removeprefix(VENDOR)
    if plain == DIARIZING:
        raise UnsupportedValue(f"{DIARIZING} would return speakers. {SPEAKERS}", param="model")
    if plain in CONFIGURED:
        return None
    if name in BY_REPOSITORY:
        return BY_REPOSITORY[name]
    short = plain.removeprefix(f"{ENGINE}/").removeprefix(FAMILY)
    short = SHORT.get(short, short)
    return short if short in NAMES else name
