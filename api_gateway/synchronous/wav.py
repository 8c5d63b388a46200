"""WAV header of raw samples."""

import struct

SAMPLE_RATE_HZ, SAMPLE_BYTES = 16_000, 2
HEADER_BYTES = 44
LARGEST = 2**32 - 1
"""In place of a size that does not fit: decoders then read to the end of the file."""


def wav_header(size: int) -> bytes:
    """Return the RIFF header of `size` bytes of signed 16-bit PCM, mono, 16 kHz."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        min(size + HEADER_BYTES - 8, LARGEST),
        b"WAVE",
        b"fmt ",
        16,
        1,  # PCM
        1,  # channel
        SAMPLE_RATE_HZ,
        SAMPLE_RATE_HZ * SAMPLE_BYTES,
        SAMPLE_BYTES,
        8 * SAMPLE_BYTES,
        b"data",
        min(size, LARGEST),
    )
