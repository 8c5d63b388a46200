"""Compare subtitles with expected ones."""

import re
from difflib import SequenceMatcher
from itertools import zip_longest

from rich.markup import escape

from cli import screen

NO_LETTER = re.compile(r"[^\w\s']+")


def show_side_by_side(title: str, made: str, expected_title: str, expected: str) -> None:
    """Print both files cue by cue, and how many of the expected words were recognized."""
    drawn = screen.table(title, expected_title)
    for left, right in zip_longest(cues(made), cues(expected), fillvalue=""):
        drawn.add_row(escape(left), escape(right))
        drawn.add_row("", "")
    screen.out.print(drawn)
    found, said = words_right(made, expected)
    screen.out.print(f"{found} of {said} words as expected")


def cues(srt: str) -> list[str]:
    return [cue for cue in srt.strip().split("\n\n") if cue]


def words_right(made: str, expected: str) -> tuple[int, int]:
    """Return how many of the expected words occur in order, and how many are expected; punctuation is ignored."""
    heard, said = words(made), words(expected)
    blocks = SequenceMatcher(None, heard, said, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks), len(said)


def words(srt: str) -> list[str]:
    """Return the words of all cues, without numbers and times."""
    text = " ".join(line for cue in cues(srt) for line in cue.splitlines()[2:])
    return NO_LETTER.sub("", text).lower().split()
