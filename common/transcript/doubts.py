"""Warnings about a finished transcript: what a reader should check against the audio."""

from collections.abc import Iterable, Iterator

from common.transcript.format import Segment
from common.transcript.loops import compression_ratio, find_loops, spoken_words

HIGHEST_COMPRESSION = 2.4
"""Above this, Whisper itself takes a text for a loop."""
MOST_NAMED = 3


def language_warnings(language: str | None, probability: float | None, threshold: float) -> list[str]:
    """Return a warning if the language was detected with no more than this probability."""
    if language is None or probability is None or probability > threshold:
        return []
    found = f"{language} was detected with a probability of {probability:.2f}"
    return [f"The language is uncertain: {found}. If it is wrong, send `language`."]


def text_warnings(segments: Iterable[Segment], highest: float | None = None) -> list[str]:
    """Return warnings about loops; `highest` is the highest compression ratio of a text that looks right."""
    compressed: list[Segment] = []
    loops = find_loops(words_of(segments, highest or HIGHEST_COMPRESSION, compressed))
    found = [
        f'The text repeats "{loop}" {loop.times} times from {loop.start:.1f} s on, as a model does that is stuck. '
        "Check it against the audio."
        for loop in loops[:MOST_NAMED]
    ]
    if len(loops) > MOST_NAMED:
        found.append(f"The text repeats phrases in {len(loops) - MOST_NAMED} more places.")
    if compressed:
        found.append(
            f"{len(compressed)} {'segment looks' if len(compressed) == 1 else 'segments look'} like a loop "
            f"(compression ratio above {highest or HIGHEST_COMPRESSION:g}), the first one at "
            f"{compressed[0].start:.1f} s. Check the text against the audio."
        )
    return found


def words_of(segments: Iterable[Segment], highest: float, compressed: list[Segment]) -> Iterator[tuple[str, float]]:
    """Yield each word with the start of its segment; add the segments that compress too well to `compressed`."""
    for segment in segments:
        ratio = segment.compression_ratio
        if (compression_ratio(segment.text) if ratio is None else ratio) > highest:
            compressed.append(segment)
        yield from ((word, segment.start) for word in spoken_words(segment.text))
