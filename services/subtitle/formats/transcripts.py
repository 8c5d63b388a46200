"""Parse transcripts from JSON."""

from pydantic import ValidationError

from common.transcript.format import Transcript
from services.subtitle.errors import NotATranscript

WRONG_FIELDS_NAMED = 5


def parse(text: str) -> Transcript:
    """Parse Transcript JSON.

    Raises:
        NotATranscript: it is not one; the detail names the first invalid fields.
    """
    try:
        return Transcript.model_validate_json(text)
    except ValidationError as error:
        wrong = {".".join(map(str, one["loc"])) or "(all)": one["msg"] for one in error.errors()[:WRONG_FIELDS_NAMED]}
        raise NotATranscript(wrong=wrong) from error
