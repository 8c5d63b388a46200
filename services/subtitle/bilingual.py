"""Two transcripts with the same ids, such as an original and its translation."""

from common.transcript.format import Transcript
from services.subtitle.errors import TranscriptsDiffer


def texts_by_id(first: Transcript, second: Transcript) -> dict[int, str]:
    """Return the text of `second` for the ids that both have.

    Raises:
        TranscriptsDiffer: both have segments, but no id in common.
    """
    known = {segment.id for segment in first.segments}
    texts = {segment.id: segment.text for segment in second.segments if segment.id in known and segment.text.strip()}
    if known and second.segments and not texts:
        raise TranscriptsDiffer
    return texts


def unmatched_ids(first: Transcript, second: Transcript) -> list[int]:
    """Return the ids that only one of the two has."""
    return sorted({segment.id for segment in first.segments} ^ {segment.id for segment in second.segments})
