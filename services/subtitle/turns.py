"""Parse RTTM or JSON into turns."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from common.transcript.format import LATEST_S
from services.subtitle.errors import NotDiarization

START, LENGTH, SPEAKER = 3, 4, 7
"""Columns of an RTTM line (NIST, The 2009 Rich Transcription Evaluation Plan, appendix A)."""
COMMENT = ";;"

Time = Annotated[float, Field(ge=-LATEST_S, le=LATEST_S, allow_inf_nan=False, description="seconds")]


class Turn(BaseModel):
    """One speaker's turn."""

    model_config = ConfigDict(frozen=True)

    start: Time
    end: Time
    speaker: Annotated[str, Field(min_length=1, max_length=200)]


class Turns(BaseModel):
    """The list of turns inside a larger object."""

    turns: list[Turn]


TURNS: TypeAdapter[list[Turn] | Turns] = TypeAdapter(list[Turn] | Turns)


def parse(text: str) -> list[Turn]:
    """Parse RTTM, a JSON list of {start, end, speaker}, or an object that has such a list as `turns`.

    Turns are sorted; those without duration are dropped.

    Raises:
        NotDiarization: it is something else; the message says where.
    """
    found = from_json(text) if text.lstrip()[:1] in {"[", "{"} else from_rttm(text)
    return sorted(
        (turn for turn in found if turn.end > turn.start), key=lambda turn: (turn.start, turn.end, turn.speaker)
    )


def from_json(text: str) -> list[Turn]:
    try:
        read = TURNS.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        raise NotDiarization(where=".".join(map(str, first["loc"])), problem=first["msg"]) from error
    return read.turns if isinstance(read, Turns) else read


def from_rttm(text: str) -> list[Turn]:
    lines = ((number, line.split()) for number, line in enumerate(text.splitlines(), 1))
    kept = [(number, fields) for number, fields in lines if fields and not fields[0].startswith(COMMENT)]
    if kept and not any(fields[0] == "SPEAKER" for _, fields in kept):
        raise NotDiarization
    return [turn_of(number, fields) for number, fields in kept if fields[0] == "SPEAKER"]


def turn_of(number: int, fields: list[str]) -> Turn:
    try:
        start, length = float(fields[START]), float(fields[LENGTH])
        values: dict[str, Any] = {"start": start, "end": start + length, "speaker": fields[SPEAKER]}
        return Turn.model_validate(values)
    except (ValueError, IndexError) as error:
        raise NotDiarization(f"Line {number} of the RTTM is not a turn with start, duration and speaker.") from error
