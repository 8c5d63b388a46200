"""Shot changes of a video, as `ffmpeg.detect_shots` writes them."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from common.transcript.format import Seconds
from services.subtitle.errors import NotAShotList


class Shots(BaseModel):
    """Shot changes in seconds, and the frames per second of the video."""

    model_config = ConfigDict(frozen=True)

    shots: Sequence[Seconds] = ()
    fps: Annotated[float | None, Field(gt=1, le=240)] = None


SHOTS: TypeAdapter[Shots | list[Seconds]] = TypeAdapter(Shots | list[Seconds])
NO_SHOTS = Shots()


def parse(text: str) -> Shots:
    """Parse the JSON of `ffmpeg.detect_shots`, or a list of seconds.

    Raises:
        NotAShotList: it is neither.
    """
    try:
        read = SHOTS.validate_json(text)
    except ValidationError as error:
        raise NotAShotList(problem=error.errors()[0]["msg"]) from error
    found = read if isinstance(read, Shots) else Shots(shots=read)
    return found.model_copy(update={"shots": sorted(found.shots)})
