"""Write EBU-STL (EBU Tech 3264-E): a block of general information, then blocks of 128 bytes with the cues.

The cues are open subtitles at 25 frames a second: readers disagree whether STL30.01 means 30 or 29.97. The character
table is the first that has all characters: Latin (ISO 6937), Cyrillic, Arabic, Greek, Hebrew.
"""

from collections.abc import Callable
from functools import cache

from ttconv.stl import iso6937

from common.captions.document import Caption, Document
from common.captions.timestamps import to_frame
from services.subtitle.errors import CharactersUnsupported, SubtitlesTooLarge, TimeTooLate

FRAME_RATE = 25
LINE_BREAK, UNUSED = b"\x8a", b"\x8f"
SWITCHES = {"i": (b"\x80", b"\x81"), "u": (b"\x82", b"\x83")}
TEXT_BYTES = 112
LAST_BLOCK, MOST_BLOCKS = 0xFF, 0xF0
MOST_CUES = 0xFFFF
ROWS = {0: 20, 1: 11, 2: 2}
"""Row of 23 by height: bottom, middle, top."""
JUSTIFICATION = {1: 1, 2: 2, 0: 3}
"""Left, center, right, by number-pad key modulo 3."""
LATEST_MS = 24 * 3_600_000
"""The time code is that of a day."""
TYPOGRAPHY = str.maketrans({"…": "...", "\N{EN DASH}": "-", "\u2060": ""})
"""What no table has, but a usual replacement."""


@cache
def latin() -> dict[str, bytes]:
    """Return the bytes of each character of ISO 6937, by ttconv's decoder."""
    single = [bytes([code]) for code in (*range(0x20, 0x7F), *range(0xA0, 0xC0), *range(0xD0, 0x100))]
    double = [bytes([accent, letter]) for accent in range(0xC1, 0xD0) for letter in range(0x20, 0x7F)]
    table: dict[str, bytes] = {}
    for code in [*single, *double]:
        character = decode_latin(code)
        if len(character) == 1 and character != "\ufffd":
            table.setdefault(character, code)
    return table


def decode_latin(code: bytes) -> str:
    try:
        return str(iso6937.decode(code)[0])
    except (UnicodeError, ValueError):
        return ""


def encode_latin(character: str) -> bytes:
    return latin().get(character, b"")


def encoder(codec: str) -> Callable[[str], bytes]:
    return lambda character: character.encode(codec, "ignore")


TABLES: dict[bytes, Callable[[str], bytes]] = {
    b"00": encode_latin,
    b"01": encoder("iso8859_5"),
    b"02": encoder("iso8859_6"),
    b"03": encoder("iso8859_7"),
    b"04": encoder("iso8859_8"),
}


def write(document: Document) -> bytes:
    """Write EBU-STL.

    Raises:
        CharactersUnsupported: no table has all characters of the text.
        TimeTooLate: a time is 24 hours or more.
        SubtitlesTooLarge: there are more cues, or more text in one, than the format can number.
    """
    if len(document.captions) > MOST_CUES:
        raise SubtitlesTooLarge("EBU-STL holds at most 65,535 cues. Split the file.", cues=len(document.captions))
    if any(caption.end >= LATEST_MS for caption in document.captions):
        raise TimeTooLate("EBU-STL cannot represent times of 24 hours or more. Choose srt, vtt or json.")
    table = choose_table(
        {character for caption in document.captions for character in caption.text.translate(TYPOGRAPHY)} - {"\n"}
    )
    blocks = [
        block for number, caption in enumerate(document.captions) for block in cue(number, caption, TABLES[table])
    ]
    return general_information(table, len(blocks), len(document.captions)) + b"".join(blocks)


def choose_table(characters: set[str]) -> bytes:
    missing = {
        name: {character for character in characters if not encode(character)} for name, encode in TABLES.items()
    }
    best = min(missing, key=lambda name: len(missing[name]))
    if missing[best]:
        raise CharactersUnsupported(format="stl", characters="".join(sorted(missing[best])))
    return best


def general_information(table: bytes, blocks: int, cues: int) -> bytes:
    """Return the first 1024 bytes (section 4 of the standard): fields at their places, and spaces between."""
    fields = {
        0: b"850STL25.01",  # code page, frame rate
        11: b"0" + table + b"00",  # open subtitles, character table, language unknown
        238: b"%05d%05d001" % (blocks % 100_000, cues % 100_000),
        251: b"40231" + b"00000000" * 2 + b"11",  # characters, rows, time codes, one disk
    }
    block = bytearray(b" " * 1024)
    for at, value in fields.items():
        block[at : at + len(value)] = value
    return bytes(block)


def cue(number: int, caption: Caption, encode: Callable[[str], bytes]) -> list[bytes]:
    """Return the blocks of a cue; all but the last one are full."""
    text = text_field(caption, encode)
    parts = [text[at : at + TEXT_BYTES] for at in range(0, max(len(text), 1), TEXT_BYTES)]
    if len(parts) > MOST_BLOCKS:
        raise SubtitlesTooLarge("A cue has more text than EBU-STL holds. Split it.", cue=number + 1)
    start = to_frame(caption.start, FRAME_RATE)
    times = time_code(start) + time_code(max(to_frame(caption.end, FRAME_RATE), start + 1))
    row, column = ROWS[(caption.alignment - 1) // 3], JUSTIFICATION[caption.alignment % 3]
    return [
        b"\x00"
        + number.to_bytes(2, "little")
        + bytes([LAST_BLOCK if index == len(parts) - 1 else index, 0])
        + times
        + bytes([row, column, 0])
        + part.ljust(TEXT_BYTES, UNUSED)
        for index, part in enumerate(parts)
    ]


def time_code(frame: int) -> bytes:
    seconds, frames = divmod(frame, FRAME_RATE)
    return bytes([seconds // 3600, seconds // 60 % 60, seconds % 60, frames])


def text_field(caption: Caption, encode: Callable[[str], bytes]) -> bytes:
    written = b""
    for run in caption.runs:
        on = b"".join(switch for mark, (switch, _) in SWITCHES.items() if mark in run.marks)
        off = b"".join(switch for mark, (_, switch) in SWITCHES.items() if mark in run.marks)
        lines = LINE_BREAK.join(b"".join(map(encode, line)) for line in run.text.translate(TYPOGRAPHY).split("\n"))
        written += on + lines + off
    return written
