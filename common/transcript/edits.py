"""What people change in a transcript. It is kept apart from the engines' files, so no attempt can overwrite it.

An edited segment is kept whole, as it stood when it was first edited, with the changes over it: whatever the engine
says of it later, or whether it still has such a segment, the edit stays as it is.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json, to_json

from common.state import keys
from common.state.client import Call, script
from common.transcript.format import Segment, Transcript, Word

CHANGEABLE = ("text", "start", "end", "speaker")
WHOLE = "segment"

Edits = dict[int, Segment]
"""Edited segments by their id."""


class EndsBeforeItStarts(ValueError):
    """An edit would set a segment's end before its start."""


def read_edits(task_id: str) -> Call[Edits]:
    return Call(script("edits"), [keys.transcript_edits(task_id)], [], edits_of)


def kept_edits(task_id: str) -> Call[list[str]]:
    """Read what `edits_of` makes edits of, for an event loop: there may be many, so that is for a thread."""
    return Call(script("edits"), [keys.transcript_edits(task_id)], [], list)


def edit(task_id: str, seen: Segment, changes: Mapping[str, Any], *, events_kept: int) -> Call[Segment | None]:
    """Change some of the `CHANGEABLE` fields of a segment, which was `seen` so. None means that the task is gone.

    Raises:
        EndsBeforeItStarts: by running it. Nothing is changed.
    """
    parts = {WHOLE: seen.model_dump(mode="json"), **{name: getattr(seen, name) for name in CHANGEABLE}}
    return Call(
        script("edit"),
        edit_keys(task_id),
        [seen.id, encode_values(parts), encode_values(changes), to_json(seen.language), events_kept],
        lambda answer: parse_edit(seen.id, answer),
    )


def undo(task_id: str, segment_id: int, without: Segment | None, *, events_kept: int) -> Call[int]:
    """Forget the edit of a segment; `without` is how it reads then. Return 0 when it was not edited."""
    fields = [f"{segment_id}:{part}" for part in (WHOLE, *CHANGEABLE)]
    told = to_json(fragment_data(without)) if without else ""
    return Call(script("undo_edit"), edit_keys(task_id), [events_kept, told, *fields], int)


def edit_keys(task_id: str) -> list[str]:
    return [keys.control(task_id), keys.transcript_edits(task_id), keys.events(task_id)]


def encode_values(parts: Mapping[str, Any]) -> bytes:
    """Return each value as JSON inside of JSON: Lua hands them on without reading them, which would change some."""
    return to_json({name: to_json(value).decode() for name, value in parts.items()})


def fragment_data(segment: Segment) -> dict[str, Any]:
    """Return the data of a `fragment`, as lua/edit.lua writes it."""
    shown = segment.model_dump(include={"id", "start", "end", "text", "speaker", "modified"})
    return {"segment_index": segment.id, "language": segment.language, "segments": [shown]}


def edits_of(flat: list[str]) -> Edits:
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for field, value in zip(flat[::2], flat[1::2], strict=True):
        segment_id, _, part = field.partition(":")
        found[int(segment_id)][part] = value
    return {segment_id: assemble_segment(parts) for segment_id, parts in found.items()}


def parse_edit(segment_id: int, answer: list[str]) -> Segment | None:
    match answer:
        case ["GONE"]:
            return None
        case ["BACKWARDS"]:
            raise EndsBeforeItStarts
        case _:
            return edits_of(answer[1:])[segment_id]


def assemble_segment(parts: Mapping[str, str]) -> Segment:
    """Return an edited segment. Its words stay only where they still tell its text at its times."""
    before = Segment.model_validate_json(parts[WHOLE])
    now = {name: from_json(parts[name]) for name in CHANGEABLE}
    after = before.model_copy(update={**now, "modified": True})
    if (after.text, after.start, after.end) != (before.text, before.start, before.end):
        return after.model_copy(update={"words": []})
    if after.speaker == before.speaker:
        return after
    return after.model_copy(update={"words": [spoken_by(word, after.speaker) for word in after.words]})


def spoken_by(word: Word, speaker: str | None) -> Word:
    return word.model_copy(update={"speaker": speaker})


def with_edits(transcript: Transcript, edits: Edits) -> Transcript:
    """Return the transcript with the edited segments in the place of the engine's."""
    if not edits:
        return transcript
    others = [segment for segment in transcript.segments if segment.id not in edits]
    segments = sorted([*others, *edits.values()], key=lambda segment: (segment.start, segment.id))
    return transcript.model_copy(update={"segments": segments})
