"""Speak lines of text with espeak-ng: a program of its own, as the library is GPL. It runs where Piper is installed.

Arguments: a voice (`de`, `fr`, `es`, …) and a folder. Each line of the standard input becomes a file there: `0.wav`, ….
The functions are those of https://github.com/espeak-ng/espeak-ng/blob/master/src/include/espeak-ng/speak_lib.h.
"""

import ctypes
import sys
import wave
from pathlib import Path
from typing import Any

SYNCHRONOUS, UTF8 = 2, 1
RATE_PARAMETER, WORDS_PER_MINUTE = 1, 150
RECEIVER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def load_library() -> tuple[Any, int]:
    """Return the library, ready, and its sample rate in Hz."""
    import espeakng_loader  # type: ignore[import-not-found]  # noqa: PLC0415 - installed only where this program runs

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate_hz = library.espeak_Initialize(SYNCHRONOUS, 0, str(espeakng_loader.get_data_path()).encode(), 0)
    assert rate_hz > 0, "espeak-ng does not find its data"
    return library, rate_hz


def speak(library: Any, text: str) -> bytes:
    """Return 16-bit samples."""
    found = bytearray()

    def receive(samples: Any, count: int, _: Any) -> int:
        if samples and count > 0:
            found.extend(ctypes.string_at(samples, 2 * count))
        return 0

    receiver, content = RECEIVER(receive), text.encode()
    library.espeak_SetSynthCallback(receiver)
    failed = library.espeak_Synth(content, ctypes.c_size_t(len(content) + 1), 0, 0, 0, UTF8, None, None)
    assert not failed, f"espeak-ng error {failed}"
    library.espeak_Synchronize()
    return bytes(found)


def main(voice: str, folder: str) -> None:
    library, rate_hz = load_library()
    assert not library.espeak_SetVoiceByName(voice.encode()), f"espeak-ng has no voice {voice}"
    library.espeak_SetParameter(RATE_PARAMETER, WORDS_PER_MINUTE, 0)
    for number, line in enumerate(sys.stdin.buffer.read().decode().splitlines()):
        with wave.open(str(Path(folder, f"{number}.wav")), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate_hz)
            file.writeframes(speak(library, line))


if __name__ == "__main__":
    main(*sys.argv[1:])
