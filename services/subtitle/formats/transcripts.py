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
        named = error.errors()[:WRONG_FIELDS_NAMED]
        wrong = {".".join(map(str, problem["loc"])) or "(all)": problem["msg"] for problem in named}
        raise NotATranscript(wrong=wrong) from error
