"""LRC: one line of lyrics per cue, with its start; enhanced LRC has word times (`<00:01.50>`)."""

import re
from bisect import bisect_right

from common.captions.builder import Builder
from common.captions.cleaning import GUARD
from common.captions.document import Caption, Document, Run, TimedWord
from common.captions.word_times import split_pieces

STAMP = re.compile(r"\[(\d{1,4}):(\d{1,2})(?:[.:](\d{1,3}))?\]")
LINE = re.compile(rf"^\s*((?:{STAMP.pattern}\s*)+)(.*)$")
TAG = re.compile(r"^\s*\[([A-Za-z#]+):([^\]]*)\]\s*$")
WORD = re.compile(r"<(\d{1,4}):(\d{1,2})(?:[.:](\d{1,3}))?>")
LONGEST_MS = 5_000
"""Duration of a line with no later line, and the most that a line is shown."""


def read(text: str) -> Document:
    built = Builder()
    found: list[tuple[int, int, str]] = []
    offset = 0
    for number, line in enumerate(text.split("\n"), 1):
        if match := LINE.match(line):
            found += [(to_ms(stamp), number, match.group(5)) for stamp in STAMP.finditer(match.group(1))]
        elif tag := TAG.match(line):
            offset = int(tag.group(2)) if tag.group(1).lower() == "offset" and is_number(tag.group(2)) else offset
        elif line.strip():
            built.leave_out(number, "no time", [line])
    found.sort(key=lambda line: line[0])
    starts = [start for start, _, _ in found]
    for start, number, body in found:
        later = bisect_right(starts, start)
        end = min([start + LONGEST_MS, *starts[later : later + 1]])
        if plain := WORD.sub("", body).strip():
            words = parse_words(body.strip(), start - offset, end - offset)
            built.add(start - offset, end - offset, [Run(plain)], line=number, words=words)
    return built.document("lrc")


def is_number(text: str) -> bool:
    return bool(re.fullmatch(r"\s*[+-]?\d{1,9}\s*", text))


def to_ms(stamp: re.Match[str]) -> int:
    minutes, seconds, fraction = stamp.groups()
    return (int(minutes) * 60 + int(seconds)) * 1000 + int((fraction or "0").ljust(3, "0"))


def parse_words(body: str, start: int, end: int) -> tuple[TimedWord, ...]:
    found = list(WORD.finditer(body))
    if not found:
        return ()
    times = [start, *(min(max(to_ms(match), start), end) for match in found), end]
    texts = [
        body[begin:stop]
        for begin, stop in zip(
            [0, *(match.end() for match in found)], [*(match.start() for match in found), len(body)], strict=True
        )
    ]
    return tuple(
        split_pieces(
            [
                (before, max(before, after), text)
                for before, after, text in zip(times[:-1], times[1:], texts, strict=True)
            ]
        )
    )


def write(document: Document, *, words: bool = False) -> str:
    """Write LRC. A line without text ends a cue that no other one follows directly."""
    lines: list[str] = []
    captions = document.captions
    for index, caption in enumerate(captions):
        lines.append(f"[{clock(caption.start)}]{body_of(caption, words=words)}")
        following = captions[index + 1].start if index + 1 < len(captions) else None
        if following is None or following > caption.end:
            lines.append(f"[{clock(caption.end)}]")
    return "".join(f"{line}\n" for line in lines)


def body_of(caption: Caption, *, words: bool) -> str:
    if words and caption.words:
        return "".join(
            f"{' ' * (word.text[:1].isspace())}<{clock(word.start)}>{escape(word.text.strip())}"
            for word in caption.words
        )
    return escape(" ".join(caption.text.split()))


def escape(text: str) -> str:
    """Return text in which nothing looks like a time."""
    return re.sub(r"([\[<])(?=\d+:\d)", rf"\1{GUARD}", text)


def clock(ms: int) -> str:
    hundredths = (ms + 5) // 10
    return f"{hundredths // 6000:02d}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"
