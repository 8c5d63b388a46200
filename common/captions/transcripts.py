"""Convert between transcripts and captions."""

from collections.abc import Callable, Mapping

from common.captions.cleaning import clean
from common.captions.document import SECOND, Caption, Document, Run, TimedWord
from common.captions.timestamps import milliseconds
from common.transcript.format import Segment, Transcript, Word


def no_lead(_: Segment) -> str:
    return ""


def document_of(
    transcript: Transcript,
    *,
    lead: Callable[[Segment], str] = no_lead,
    second: Mapping[int, str] | None = None,
    second_above: bool = False,
) -> Document:
    """Return a transcript as captions; `second` maps segment ids to the text in the other language."""
    captions = []
    for segment in sorted(transcript.segments, key=lambda segment: segment.start):
        runs = [Run(clean(lead(segment) + segment.text))]
        words = words_of(segment, lead(segment))
        if second and segment.id in second:
            other = Run(clean(second[segment.id]), frozenset({SECOND}))
            runs = stack_runs(other, runs[0]) if second_above else stack_runs(runs[0], other)
            words = ()  # the other language has none
        captions.append(
            Caption(
                milliseconds(segment.start),
                milliseconds(segment.end),
                tuple(runs),
                speaker=segment.speaker or "",
                words=words,
            )
        )
    return Document(captions, "json")


def words_of(segment: Segment, lead: str = "") -> tuple[TimedWord, ...]:
    """Return the words with the spaces and line breaks of the text; none if they are not its words."""
    words, text, position = list[TimedWord](), clean(segment.text), 0
    for word in segment.words:
        spoken = word.text.strip()
        at = text.find(spoken, position)
        if at < 0 or text[position:at].strip():
            return ()
        shown = ("" if words else lead) + text[position : at + len(spoken)]
        words.append(TimedWord(milliseconds(word.start), milliseconds(word.end), shown))
        position = at + len(spoken)
    return () if text[position:].strip() else tuple(words)


def in_order(transcript: Transcript) -> Transcript:
    """Return a transcript whose segments are in the order of their starts."""
    return transcript.model_copy(update={"segments": sorted(transcript.segments, key=lambda segment: segment.start)})


def stack_runs(upper: Run, lower: Run) -> list[Run]:
    return [upper, Run("\n"), lower]


def dump(transcript: Transcript) -> str:
    return transcript.model_dump_json(indent=1, exclude_none=True)


def transcript_of(read: Document) -> Transcript:
    """Return captions as a transcript: text, times and speakers. Styles and placement are dropped."""
    segments = [
        Segment(
            id=index,
            start=caption.start / 1000,
            end=caption.end / 1000,
            text=caption.text,
            speaker=caption.speaker or None,
            words=[Word(start=word.start / 1000, end=word.end / 1000, text=word.text) for word in caption.words],
        )
        for index, caption in enumerate(read.captions)
    ]
    return Transcript(segments=segments, duration=max((segment.end for segment in segments), default=0.0))
