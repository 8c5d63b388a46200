"""A medium's audio as one waveform on disk: hours of it cost only page cache."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from common.files.disk import full_disk_is_storage_full
from common.media.audio import AudioTrack


@contextmanager
def write_waveform(sound: AudioTrack, file: Path, on_block: Callable[[], None]) -> Iterator[int]:
    """Decode the audio to raw float32 samples, 16 kHz, mono; yield their number, and remove the file at the end."""
    count = 0
    try:
        with full_disk_is_storage_full(), file.open("wb") as out:
            for block in sound.blocks():
                on_block()
                out.write(block.tobytes())
                count += len(block)
        yield count
    finally:
        file.unlink(missing_ok=True)
