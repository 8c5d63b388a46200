"""How long each language is spoken in a transcript."""

from collections import defaultdict
from collections.abc import Iterable

from common.transcript.format import Segment


def seconds_by_language(segments: Iterable[Segment]) -> dict[str, float]:
    """Return the seconds of each language, the one spoken longest first."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for segment in segments:
        if segment.language:
            seconds[segment.language] += segment.duration
    ordered = sorted(seconds.items(), key=lambda item: -item[1])
    return {language: round(total, 3) for language, total in ordered}
