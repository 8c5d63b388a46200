"""Edits of a transcript by users, stored separately from engine output, so that no attempt can overwrite them.

An edited segment is stored whole, as it was when first edited, together with the changes: the edit stays the same
whatever the engine later outputs for it, even if the segment disappears.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, TypedDict

from pydantic_core import from_json, to_json

from common.state import keys
from common.state import task_scripts as scripts
from common.state.keys import Key
from common.state.scripts import ScriptCall
from common.transcript.format import Segment, Transcript, Word

CHANGEABLE = ("text", "start", "end", "speaker")
WHOLE = "segment"

Edits = dict[int, Segment]
"""Edited segments by id."""


class EndsBeforeItStarts(ValueError):
    """An edit would set the end of a segment before its start."""


def read_edits(task_id: str) -> ScriptCall[Edits]:
    return scripts.read_edits(edits=keys.transcript_edits(task_id)).then(edits_of)


def raw_edits(task_id: str) -> ScriptCall[list[str]]:
    """Read the raw edits, for an event loop: parsing them with `edits_of` may take long, so it belongs in a thread."""
    return scripts.read_edits(edits=keys.transcript_edits(task_id))


def edit(task_id: str, seen: Segment, changes: Mapping[str, Any], *, events_kept: int) -> ScriptCall[Segment | None]:
    """Change some of the `CHANGEABLE` fields of a segment whose last known state is `seen`. None: the task is gone.

    Raises:
        EndsBeforeItStarts: when run. Nothing is changed.
    """
    parts = {WHOLE: seen.model_dump(mode="json"), **{name: getattr(seen, name) for name in CHANGEABLE}}
    return scripts.edit(
        **edit_keys(task_id),
        segment_id=seen.id,
        parts=encode_values(parts),
        changes=encode_values(changes),
        language=to_json(seen.language),
        events_kept=events_kept,
    ).then(lambda answer: parse_edit(seen.id, answer))


def undo(task_id: str, segment_id: int, without: Segment | None, *, events_kept: int) -> ScriptCall[int]:
    """Remove the edit of a segment; `without` is the segment after that. Returns 0 if it was not edited."""
    fields = [f"{segment_id}:{part}" for part in (WHOLE, *CHANGEABLE)]
    told = to_json(fragment_data(without)) if without else ""
    return scripts.undo_edit(**edit_keys(task_id), events_kept=events_kept, event_data=told, fields=fields)


class EditKeys(TypedDict):
    control: Key
    edits: Key
    events: Key


def edit_keys(task_id: str) -> EditKeys:
    return {
        "control": keys.control(task_id),
        "edits": keys.transcript_edits(task_id),
        "events": keys.events(task_id),
    }


def encode_values(parts: Mapping[str, Any]) -> bytes:
    """Return each value as JSON inside JSON: Lua passes them on without parsing, which would change some."""
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
    """Return an edited segment. Its words are kept only if they still match its text and times."""
    before = Segment.model_validate_json(parts[WHOLE])
    now = {name: from_json(parts[name]) for name in CHANGEABLE}
    after = before.model_copy(update={**now, "modified": True})
    if (after.text, after.start, after.end) != (before.text, before.start, before.end):
        return after.model_copy(update={"words": []})
    if after.speaker == before.speaker:
        return after
    return after.model_copy(update={"words": [with_speaker(word, after.speaker) for word in after.words]})


def with_speaker(word: Word, speaker: str | None) -> Word:
    return word.model_copy(update={"speaker": speaker})


def with_edits(transcript: Transcript, edits: Edits) -> Transcript:
    """Return the transcript with the edited segments in place of the engine's."""
    if not edits:
        return transcript
    others = [segment for segment in transcript.segments if segment.id not in edits]
    segments = sorted([*others, *edits.values()], key=lambda segment: (segment.start, segment.id))
    return transcript.model_copy(update={"segments": segments})
