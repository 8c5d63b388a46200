"""Clean text so that no subtitle format mistakes it for markup."""

import re

UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")
NEWLINE = re.compile(r"\r\n?|\u2028|\u2029|\x85")
GUARD = "\u2060"
"""Word joiner (invisible). It breaks up what a parser would read as a tag or a timestamp."""
GUARDED = re.compile(r"(?<=[<{\\])\u2060|(?<=--)\u2060(?=>)|(?<=\d:)\u2060(?=\d)")
TAG_START = re.compile(r"<(?=[A-Za-z/])|\{(?=\\|[A-Za-z]:)")
CLOCK = re.compile(r"(?<=\d:)(?=\d)")


def clean(text: str) -> str:
    """Return the text with plain newlines and without control characters."""
    return UNPRINTABLE.sub("", NEWLINE.sub("\n", text))


def without_blank_lines(text: str) -> str:
    """Return the text without the empty lines that would end the cue."""
    return "\n".join(line for line in text.split("\n") if line.strip())


def protect_markup(text: str) -> str:
    """Return text that SRT and MicroDVD, which have no escapes, display unchanged."""
    shielded = TAG_START.sub(lambda found: found.group() + GUARD, text).replace("-->", f"--{GUARD}>")
    return CLOCK.sub(GUARD, shielded) if f"--{GUARD}>" in shielded else shielded


def unprotect_markup(text: str) -> str:
    return GUARDED.sub("", text)
