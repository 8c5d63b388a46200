"""Rolling captions, as YouTube makes them: each cue repeats the line before; a cue of 10 ms has that line alone."""

from dataclasses import replace
from itertools import islice

from common.captions.document import Caption, Run

LONGEST_PAUSE_MS = 1_000
"""A line that reappears after a longer pause is said again."""


def remove_repeats(captions: list[Caption]) -> tuple[list[Caption], int]:
    """Return captions without the lines that the cue before has shown already, and how many lines those were.

    Without any word times the captions are no rolling ones: they are returned unchanged.
    """
    if not any(caption.words for caption in captions):
        return captions, 0
    kept: list[Caption] = []
    shown, until, removed = list[str](), 0, 0
    for caption in captions:
        lines = [line for line in caption.text.split("\n") if line.strip()]
        repeated = count_repeated(shown, lines) if caption.start - until <= LONGEST_PAUSE_MS else 0
        removed += repeated
        if repeated < len(lines) or not lines:
            kept.append(without_lines(caption, repeated) if repeated else caption)
        elif kept:
            kept[-1] = replace(kept[-1], end=max(kept[-1].end, caption.end))
        shown, until = lines, max(until, caption.end)
    return kept, removed


def count_repeated(shown: list[str], lines: list[str]) -> int:
    """Return how many first lines are the last ones shown before."""
    lengths = range(min(len(shown), len(lines)), 0, -1)
    return next((length for length in lengths if clean(shown[-length:]) == clean(lines[:length])), 0)


def clean(lines: list[str]) -> list[str]:
    return [" ".join(line.split()) for line in lines]


def without_lines(caption: Caption, count: int) -> Caption:
    """Return a caption without its first non-empty lines."""
    lines = caption.text.split("\n")
    at = next(islice((index for index, line in enumerate(lines) if line.strip()), count, None))
    words = caption.words[sum(len(line.split()) for line in lines[:at]) :]
    if words:
        words = (words[0]._replace(text=words[0].text.lstrip()), *words[1:])
    raw = "\n".join(caption.raw.split("\n")[at:]) if caption.raw is not None else None
    return replace(
        caption, runs=drop_characters(caption.runs, sum(len(line) + 1 for line in lines[:at])), words=words, raw=raw
    )


def drop_characters(runs: tuple[Run, ...], count: int) -> tuple[Run, ...]:
    kept = []
    for run in runs:
        if count < len(run.text):
            kept.append(Run(run.text[count:], run.marks))
        count = max(count - len(run.text), 0)
    return tuple(kept)
