"""A track of an open medium, decoded packet by packet."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from common.errors import NotMedia
from common.media.demux import origin_of

if TYPE_CHECKING:
    from av.container import InputContainer

StreamT = TypeVar("StreamT")
FrameT = TypeVar("FrameT")


class MediaTrack(ABC, Generic[StreamT, FrameT]):
    """One track of an open medium."""

    def __init__(self, container: InputContainer, stream: StreamT) -> None:
        self.container = container
        self.stream = stream
        self.origin = origin_of(container)
        self.damaged_packets = 0

    @property
    @abstractmethod
    def end_of_readable(self) -> str:
        """Say up to where the track can be read; the beginning of an error message."""

    @property
    def damage_warnings(self) -> list[str]:
        """Return a warning if packets were damaged."""
        return [f"{self.damaged_packets} damaged packets were left out."] if self.damaged_packets else []

    def decode_frames(self) -> Iterator[FrameT]:
        """Decode packet by packet, so that a damaged packet loses only its own content.

        Raises:
            NotMedia: the medium cannot be read any further.
        """
        from av.error import FFmpegError, InvalidDataError

        stream: Any = self.stream
        packets: Iterator[Any] = self.container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                yield from packet.decode()
            except InvalidDataError:
                self.damaged_packets += 1
            except FFmpegError as error:
                raise NotMedia(f"{self.end_of_readable}: {error}.") from error
