"""Choice of an audio track: the requested one, else the one in the requested language, else the default one."""

from collections.abc import Sequence
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from common.errors import NoAudioTrack
from common.media.languages import primary_language

TrackReason = Literal["requested", "language", "default", "first"]
AudioTrackNumber = Annotated[
    int | None,
    Field(
        ge=0,
        le=255,
        description="which audio track, from 0; None is the one in `language` if there is one, else the container's "
        "default, else the first",
    ),
]


ChannelMode = Annotated[
    Literal["mix", "split"],
    Field(
        description="`split` transcribes each channel on its own, for calls with one speaker in each. The segments "
        "have the speakers `channel_0`, `channel_1`, …, and are merged by time"
    ),
]


class TrackTags(Protocol):
    """What a container says about a track."""

    @property
    def language(self) -> str | None: ...
    @property
    def default(self) -> bool: ...


class ChosenTrack(BaseModel):
    """The audio track that was read, and why."""

    model_config = ConfigDict(extra="forbid")

    index: Annotated[int, Field(ge=0, description="among the audio tracks, from 0")]
    language: Annotated[str | None, Field(description="the container's tag")] = None
    reason: Annotated[
        TrackReason,
        Field(description="`requested` by `track`; its `language`; the container's `default`; the `first` of all"),
    ]


def choose_track(tracks: Sequence[TrackTags], wanted: int | None, language: str | None) -> ChosenTrack:
    """Return the audio track to read; `language` is any code of a language.

    Raises:
        NoAudioTrack: there is no audio, or no track of this number.
    """
    if (wanted or 0) >= len(tracks):
        raise NoAudioTrack(track=wanted or 0, audio_tracks=len(tracks))
    if wanted is not None:
        return describe_choice(tracks, wanted, "requested")
    spoken = primary_language(language)
    same = [number for number, tags in enumerate(tracks) if spoken and primary_language(tags.language) == spoken]
    if same:
        return describe_choice(tracks, min(same, key=lambda number: not tracks[number].default), "language")
    flagged = next((number for number, tags in enumerate(tracks) if tags.default), None)
    return describe_choice(tracks, 0, "first") if flagged is None else describe_choice(tracks, flagged, "default")


def describe_choice(tracks: Sequence[TrackTags], index: int, reason: TrackReason) -> ChosenTrack:
    tag = tracks[index].language
    return ChosenTrack(index=index, language=tag if primary_language(tag) else None, reason=reason)
